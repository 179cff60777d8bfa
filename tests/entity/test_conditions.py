"""The advanced query: its text, its periods, and every operator on every kind of field."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.http import QueryDict
from django.utils import timezone

from crm.entity.conditions import operators, tree
from crm.entity.conditions.periods import days_of, label_of
from crm.entity.conditions.terms import Terms
from crm.entity.conditions.tree import Condition, Group, Unreadable
from crm.entity.declare import Entity, Section, register
from crm.entity.query import ListQuery
from crm.kernel import registry
from crm.kernel.errors import Refused
from crm.org.models import User
from crm.record import write
from crm.record.models import Record, record_indexes
from crm.record.names import names
from crm.record.picklists import PicklistField
from crm.testing.people import People
from customers.models import Customer
from tests.customers import make

# ---- the text


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("", Group()),
        ("1.all(name.has.腾讯)", Group("all", (Condition("name", "has", ("腾讯",)),))),
        ("1.all(phone.empty)", Group("all", (Condition("phone", "empty"),))),
        (
            "1.any(a.is.1~,2;b.is.~(x~)~;~~)",
            Group("any", (Condition("a", "is", ("1,2",)), Condition("b", "is", ("(x);~",)))),
        ),
        ("1.all(a.between.,5)", Group("all", (Condition("a", "between", ("", "5")),))),
        (
            "1.all(a.in.1,2;any(b.is.x.y;c.empty))",
            Group(
                "all",
                (
                    Condition("a", "in", ("1", "2")),
                    Group("any", (Condition("b", "is", ("x.y",)), Condition("c", "empty"))),
                ),
            ),
        ),
    ],
)
def test_a_query_is_written_as_it_is_read(text: str, group: Group) -> None:
    assert tree.read(text) == group
    assert tree.write(group) == text


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "1.",
        "1.all",
        "1.all(",
        "1.all(a.is.1",
        "1.all(a.is.1))",
        "1.all(a.is.1)x",
        "1.all(a)",
        "1.all(.is.1)",
        "1.all(;)",
        "1.all(a.is.1;)",
        "1.none(a.is.1)",
        "2.all(a.is.1)",
        "1.all(any(all(a.is.1)))",
        "1.all(a b.is.1)",
        "1.all(a.is.\x00)",
        "1.all(a.is.~",
        f"1.all(a.is.{'x' * 101})",
        f"1.all({';'.join(['a.empty'] * 31)})",
        f"1.all(a.in.{','.join('1' * 3000)})",
        "1." + "all(" * 1000,
    ],
)
def test_other_texts_are_no_query(text: str) -> None:
    with pytest.raises(Unreadable):
        tree.read(text)


def test_queries_that_say_the_same_have_one_normal_form() -> None:
    same = [
        "1.all(a.in.2,1;any(b.empty;c.is.x))",
        "1.all(any(c.is.x;b.empty);a.in.1,2,2)",
        "1.all(all(a.in.1,2);any(b.empty;c.is.x))",
    ]
    forms = {tree.write(tree.normal(tree.read(text))) for text in same}
    assert forms == {"1.all(a.in.1,2;any(b.empty;c.is.x))"}
    assert tree.normal(tree.read("1.any(a.empty)")) == tree.normal(tree.read("1.all(any(a.empty))"))
    assert tree.normal(tree.read("1.all(a.between.2,1)")) != tree.normal(tree.read("1.all(a.between.1,2)"))


# ---- periods


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("today", date(2026, 11, 22), date(2026, 11, 22)),
        ("yesterday", date(2026, 11, 21), date(2026, 11, 21)),
        ("tomorrow", date(2026, 11, 23), date(2026, 11, 23)),
        ("this_week", date(2026, 11, 16), date(2026, 11, 22)),
        ("last_week", date(2026, 11, 9), date(2026, 11, 15)),
        ("next_week", date(2026, 11, 23), date(2026, 11, 29)),
        ("this_month", date(2026, 11, 1), date(2026, 11, 30)),
        ("last_month", date(2026, 10, 1), date(2026, 10, 31)),
        ("next_month", date(2026, 12, 1), date(2026, 12, 31)),
        ("this_quarter", date(2026, 10, 1), date(2026, 12, 31)),
        ("last_quarter", date(2026, 7, 1), date(2026, 9, 30)),
        ("next_quarter", date(2027, 1, 1), date(2027, 3, 31)),
        ("this_year", date(2026, 1, 1), date(2026, 12, 31)),
        ("last_year", date(2025, 1, 1), date(2025, 12, 31)),
        ("next_year", date(2027, 1, 1), date(2027, 12, 31)),
        ("last-1", date(2026, 11, 22), date(2026, 11, 22)),
        ("last-30", date(2026, 10, 24), date(2026, 11, 22)),
        ("next-7", date(2026, 11, 22), date(2026, 11, 28)),
        ("older-7", None, date(2026, 11, 14)),
        ("later-7", date(2026, 11, 30), None),
    ],
)
def test_periods(period: str, first: date | None, last: date | None) -> None:
    assert days_of(period, date(2026, 11, 22)) == (first, last)  # a Sunday
    assert label_of(period) != period


@pytest.mark.parametrize(
    "period", ["", "soon", "last-0", "last-99999", "last--1", "last-x", "this_decade", "last-3661"]
)
def test_other_words_are_no_periods(period: str) -> None:
    assert days_of(period, date(2026, 11, 22)) is None


# ---- every operator on every kind


class Grade(models.TextChoices):
    HIGH = "high", "高"
    LOW = "low", "低"


class Device(Record):
    """A field of every kind."""

    number_prefix = "QC"
    name = models.CharField("名称", max_length=60)
    note = models.TextField("说明", blank=True, default="")
    phone = models.CharField("电话", max_length=40, blank=True, default="")
    weight = models.DecimalField("重量", max_digits=12, decimal_places=2, null=True, blank=True)
    pieces = models.IntegerField("件数", default=0)
    built_on = models.DateField("出厂日期", null=True, blank=True)
    tried_at = models.DateTimeField("试用时间", null=True, blank=True)
    broken = models.BooleanField("损坏", default=False)
    kind = PicklistField("种类", list="tests.device_kind")
    grade = models.CharField("级别", max_length=4, choices=Grade.choices, blank=True, default="")
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="客户"
    )

    class Meta:
        app_label = "tests"
        verbose_name = verbose_name_plural = "器材"
        indexes = record_indexes("device")


class DeviceEntity(Entity):
    model = Device
    columns = ("name", "weight", "owner", "created_at")
    sections = (
        Section(
            "基本信息",
            "name",
            "note",
            "phone",
            "weight",
            "pieces",
            "built_on",
            "tried_at",
            "broken",
            "kind",
            "grade",
            "customer",
        ),
    )


@pytest.fixture
def entity(db: None) -> Iterator[Entity]:
    with connection.schema_editor() as editor:
        editor.create_model(Device)
    register(DeviceEntity)
    yield registry.get("tests.device")
    registry.remove("tests.device")
    ContentType.objects.clear_cache()


@pytest.fixture(scope="module", autouse=True)
def _forget_the_model() -> Iterator[None]:
    yield
    apps.all_models["tests"].pop("device", None)
    apps.clear_cache()


@pytest.fixture
def rows(entity: Entity, people: People) -> dict[str, Any]:
    """Three devices: a (full), b (other values), c (as empty as can be, Bob's)."""
    big, small = make.option("tests.device_kind", "大"), make.option("tests.device_kind", "小")
    mine, other = make.customer(people.alice, name="上海华信"), make.customer(people.alice, name="北京腾达")
    a = Device(
        name="Alpha 称", note="第一行\n第二行", phone="021-1", weight=Decimal("10.50"), pieces=3,
        built_on=date(2026, 1, 31), tried_at=moment("2026-01-31 23:30"), broken=True, kind=big, grade="high",
        customer=mine, owner=people.alice,
    )  # fmt: skip
    b = Device(
        name="beta", note="", phone="021-2", weight=Decimal("-2"), pieces=-3, built_on=date(2026, 2, 1),
        tried_at=moment("2026-02-01 00:00"), kind=small, grade="low", customer=other, owner=people.bob,
    )  # fmt: skip
    c = Device(name="100%_sure", owner=people.carol)
    for one, by in ((a, people.alice), (b, people.bob), (c, people.carol)):
        write.insert([one], by)
    return {"a": a, "b": b, "c": c, "big": big, "small": small, "mine": mine, "other": other, "people": people}


def moment(text: str) -> datetime:
    return timezone.make_aware(datetime.fromisoformat(text))


CASES = [
    ("name.has.ALPHA", "a"),
    ("name.has.%_", "c"),
    ("name.lacks.a", "c"),
    ("note.lacks.第一", "bc"),
    ("note.has.第二行", "a"),
    ("name.is.beta", "b"),
    ("name.is.bet", ""),
    ("name.starts.al", "a"),
    ("note.empty", "bc"),
    ("note.filled", "a"),
    ("phone.has.021", "ab"),
    ("phone.empty", "c"),
    ("phone.filled", "ab"),
    ("note.is.x", ""),
    ("note.starts.第一", "a"),
    ("weight.eq.10.5", "a"),
    ("weight.ne.10.5", "bc"),
    ("weight.gt.-2", "a"),
    ("weight.ge.-2", "ab"),
    ("weight.lt.10.5", "b"),
    ("weight.le.10.50", "ab"),
    ("weight.between.-5,0", "b"),
    ("weight.between.,0", "b"),
    ("weight.between.0,", "a"),
    ("weight.empty", "c"),
    ("weight.filled", "ab"),
    ("pieces.eq.0", "c"),
    ("pieces.ne.3", "bc"),
    ("pieces.gt.0", "a"),
    ("pieces.ge.0", "ac"),
    ("pieces.lt.0", "b"),
    ("pieces.le.0", "bc"),
    ("pieces.between.-3,0", "bc"),
    ("pieces.gt.99999999999", ""),
    ("built_on.on.2026-01-31", "a"),
    ("built_on.before.2026-02-01", "a"),
    ("built_on.after.2026-01-31", "b"),
    ("built_on.between.2026-01-31,2026-02-01", "ab"),
    ("built_on.between.2026-02-01,", "b"),
    ("built_on.empty", "c"),
    ("built_on.filled", "ab"),
    ("built_on.period.older-1", "ab"),
    ("tried_at.on.2026-01-31", "a"),
    ("tried_at.on.2026-02-01", "b"),
    ("tried_at.before.2026-02-01", "a"),
    ("tried_at.after.2026-01-31", "b"),
    ("tried_at.between.2026-01-31,2026-01-31", "a"),
    ("tried_at.period.today", ""),
    ("created_at.period.today", "abc"),
    ("created_at.period.last-7", "abc"),
    ("created_at.period.older-7", ""),
    ("tried_at.empty", "c"),
    ("tried_at.filled", "ab"),
    ("broken.is.yes", "a"),
    ("broken.is.no", "bc"),
    ("kind.in.{big}", "a"),
    ("kind.in.{big},{small}", "ab"),
    ("kind.out.{big}", "bc"),
    ("kind.empty", "c"),
    ("kind.filled", "ab"),
    ("grade.in.high,low", "ab"),
    ("grade.out.high", "bc"),
    ("grade.empty", "c"),
    ("grade.filled", "ab"),
    ("customer.in.{mine}", "a"),
    ("customer.out.{mine}", "bc"),
    ("customer.empty", "c"),
    ("customer.filled", "ab"),
    ("owner.in.{bob}", "b"),
    ("owner.in.me", "c"),
    ("owner.in.team", "ab"),
    ("owner.in.me,{bob}", "bc"),
    ("owner.out.team", "c"),
    ("owner.empty", ""),
    ("owner.filled", "abc"),
    ("department.in.{east_one}", "ab"),
    ("department.in.mine", "c"),
    ("department.under.mine", "abc"),
    ("department.under.{east_one}", "ab"),
    ("department.out.mine", "ab"),
    ("department.empty", ""),
    ("department.filled", "abc"),
]


def asked(rows: dict[str, Any], conditions: str, join: str = "all") -> ListQuery:
    """The query as Carol, who manages both, asks it."""
    people = rows["people"]
    ids = {name: getattr(rows.get(name, getattr(people, name, None)), "pk", "") for name in (*rows, "bob", "east_one")}
    params = QueryDict(mutable=True)
    params["where"] = f"1.{join}({conditions.format(**ids)})"
    return ListQuery(registry.get("tests.device"), params, User.objects.get(pk=people.carol.pk))


def found(query: ListQuery, rows: dict[str, Any]) -> str:
    ids = set(query.matching.values_list("pk", flat=True))
    return "".join(name for name in "abc" if rows[name].pk in ids)


def test_every_operator_finds_the_rows_worked_out_by_hand(rows: dict[str, Any]) -> None:
    wrong = []
    for text, expected in CASES:
        query = asked(rows, text)
        got = found(query, rows)
        if got != expected or query.problems:
            wrong.append((text, expected, got, query.problems))
    assert wrong == []


def test_the_table_above_has_every_operator_of_every_kind(entity: Entity, people: People) -> None:
    fields = Terms(entity, people.carol, names()).fields
    offered = {
        (column.kind, operator.name) for column in fields.fields.values() for operator in operators.operators_of(column)
    }
    tried = {tuple(text.split(".")[:2]) for text, _found in CASES}
    tested = {(fields.fields[path].kind, operator) for path, operator in tried}
    assert offered - tested == set()


def test_groups_join_by_all_or_by_any(rows: dict[str, Any]) -> None:
    assert found(asked(rows, "pieces.gt.0;broken.is.yes"), rows) == "a"
    assert found(asked(rows, "pieces.lt.0;broken.is.yes", "any"), rows) == "ab"
    assert found(asked(rows, "owner.in.team;any(pieces.lt.0;name.has.zzz)"), rows) == "b"
    assert found(asked(rows, "name.has.100;all(pieces.gt.0;broken.is.yes)", "any"), rows) == "ac"


UNTOLD = [
    "password.is.x",
    "owner__password.starts.p",
    "created_by__is_superuser.is.yes",
    "search.has.x",
    "deleted_at.empty",
    "id.gt.0",
    "name.regex.x",
    "name.gt.x",
    "name.has",
    "name.has. ",
    "weight.eq.x",
    "weight.eq.nan",
    "weight.eq.1e99",
    "weight.between.,",
    "pieces.eq.1.5",
    "built_on.on.2026-02-30",
    "built_on.on.9999-12-31",
    "built_on.on.0001-01-01",
    "built_on.period.soon",
    "broken.is.maybe",
    "kind.in.999999999999999999",
    "kind.in.x",
    "kind.in.１２",
    "grade.in.middle",
    "owner.in.99999",
    "department.in.99999",
    "customer.in.99999",
    "customer.in.1' or '1'='1",
]


@pytest.mark.parametrize("text", UNTOLD)
def test_what_cannot_be_asked_is_left_out_and_told(rows: dict[str, Any], text: str) -> None:
    query = asked(rows, f"{text};pieces.gt.0")
    assert found(query, rows) == "a"
    assert len(query.problems) == 1
    with pytest.raises(Refused):
        query.refuse_unreadable()


def test_records_out_of_sight_cannot_be_named(rows: dict[str, Any]) -> None:
    theirs = make.customer(rows["people"].charlie, name="成都机密")
    query = asked(rows, f"customer.in.{theirs.pk}")
    assert found(query, rows) == "abc"
    assert "机密" not in " ".join(query.problems)


def test_conditions_have_words(rows: dict[str, Any]) -> None:
    query = asked(
        rows,
        "name.has.x;kind.in.{big},{small};owner.in.me,team;tried_at.period.last-30;customer.in.{mine};weight.between.1,",
    )
    assert query.problems == []
    assert [query.terms.words(condition) for condition in query.where.conditions()] == [
        "名称 包含 x",
        "种类 是 大、小",
        "负责人 是 我、我的下属",
        "试用时间 最近 30 天",
        "客户 是 上海华信",
        "重量 1 ~ …",
    ]
