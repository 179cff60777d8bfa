"""Statistics: what is counted for whom, how groups are made and cut, and where the figures lead."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.entity import statistics
from crm.entity.catalogue import Catalogue, catalogue
from crm.entity.columns import bind
from crm.entity.statistics import Dimension, Measure, Table, compute, groupable
from crm.kernel import registry
from crm.kernel.errors import Refused
from crm.org.models import Scope, User
from crm.record.names import names
from crm.testing.people import People, all_permissions, grant
from customers.models import Customer
from tests.customers import make
from tests.web.record_pages import HTMX, as_, text

LIST, PAGE = "/customers/customer/", "/customers/customer/statistics/"


def customers(user: User) -> Any:
    return Customer.objects.visible_to(user)


def by(path: str, step: str = "") -> Dimension:
    return Dimension(bind(Customer, path), step)


def counted(table: Table) -> dict[str, Any]:
    """Label → figure of a table with one field."""
    return {group.label: table.row_total(place).number(table.measure) for place, group in enumerate(table.rows)}


def ask(user: User, *fields: Dimension, measure: Measure = Measure(), rows: Any = None) -> Table:  # noqa: B008
    return compute(customers(user) if rows is None else rows, fields, measure, names(), user)


# -- the figures


def test_each_reader_counts_what_they_may_see(people: People) -> None:
    fair = make.option("customers.source", "展会")
    for owner in (people.alice, people.alice, people.bob, people.charlie):
        make.customer(owner, source=fair)
    for user, expected in (
        (people.alice, 2),
        (people.bob, 1),
        (people.carol, 3),
        (people.charlie, 1),
        (people.root, 4),
    ):
        assert counted(ask(user, by("source"), rows=Customer.objects.visible_to(user, part="owned"))) == {
            "展会": expected
        }, user


def test_groups_are_sorted_by_size_and_empty_values_are_one(people: People) -> None:
    fair, web = make.option("customers.source", "展会"), make.option("customers.source", "网络")
    for source in (web, fair, fair, fair, None, None):
        make.customer(people.alice, source=source)
    table = ask(people.alice, by("source"))
    assert list(counted(table).items()) == [("展会", 3), ("（空）", 2), ("网络", 1)]
    assert table.total.rows == 6
    assert counted(ask(people.alice, by("customer_class"))) == {"（空）": 6}, "an empty text is empty too"


def test_two_fields_make_rows_and_columns_that_add_up(people: People) -> None:
    fair, web = make.option("customers.source", "展会"), make.option("customers.source", "网络")
    for owner, source in ((people.alice, fair), (people.alice, fair), (people.bob, fair), (people.bob, web)):
        make.customer(owner, source=source)
    table = ask(people.carol, by("source"), by("owner"))
    assert [group.label for group in table.rows] == ["展会", "网络"]
    places = {group.label: place for place, group in enumerate(table.columns)}
    assert table.cell(0, places["李娜"]).rows == 2 and table.cell(1, places["李娜"]).rows == 0
    assert table.column_total(places["张伟"]).rows == 2 and table.row_total(0).rows == 3 and table.total.rows == 4


def test_sums_and_averages_of_a_number(people: People) -> None:
    fair = make.option("customers.source", "展会")
    for number in (3, 4):
        Customer._base_manager.filter(pk=make.customer(people.alice, source=fair).pk).update(version=number)
    make.customer(people.alice)
    version = bind(Customer, "version")
    assert counted(ask(people.alice, by("source"), measure=Measure("sum", version))) == {"展会": 7, "（空）": 1}
    table = ask(people.alice, by("source"), measure=Measure("average", version))
    assert counted(table) == {"展会": Decimal("3.50"), "（空）": 1}
    assert table.total.number(table.measure) == Decimal("2.67"), "of all rows, not of the groups"


def test_days_are_those_of_the_company_and_gaps_are_filled(people: People) -> None:
    # 17:00 in London is already the next day in Shanghai.
    for at in (datetime(2026, 1, 31, 17, tzinfo=UTC), datetime(2026, 4, 2, 3, tzinfo=UTC)):
        Customer._base_manager.filter(pk=make.customer(people.alice).pk).update(last_follow_up_at=at)
    make.customer(people.alice)
    assert list(counted(ask(people.alice, by("last_follow_up_at", "month"))).items()) == [
        ("2026-02", 1), ("2026-03", 0), ("2026-04", 1), ("（空）", 1),
    ]  # fmt: skip
    days = counted(ask(people.alice, by("last_follow_up_at", "day")))
    assert (days["2026-02-01"], days["2026-04-02"]) == (1, 1) and len(days) == 62
    assert list(counted(ask(people.alice, by("last_follow_up_at", "quarter")))) == ["2026-Q1", "2026-Q2", "（空）"]
    assert next(iter(counted(ask(people.alice, by("last_follow_up_at", "week"))))) == "2026-W05"
    assert counted(ask(people.alice, by("last_follow_up_at", "year"))) == {"2026": 2, "（空）": 1}


@pytest.mark.parametrize(
    ("step", "last"),
    [("day", (2026, 10, 1)), ("week", (2026, 10, 7)), ("month", (2026, 10, 31)), ("quarter", (2026, 12, 31))],
)
def test_a_period_ends_on_its_last_day(step: str, last: tuple[int, int, int]) -> None:
    assert statistics.period_end(date(2026, 10, 1), step) == date(*last)


def test_many_groups_are_cut_and_nothing_is_lost(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        for _ in range(number + 1):
            make.customer(people.alice, source=make.option("customers.source", f"来源{number}"))
    monkeypatch.setattr(statistics, "MOST_ROWS", 2)
    table = ask(people.alice, by("source"))
    assert counted(table) == {"来源3": 4, "来源2": 3, "其他": 3} and table.total.rows == 10
    monkeypatch.setattr(statistics, "MOST_GROUPS", 3)
    assert counted(ask(people.alice, by("source"))) == {"来源3": 4, "来源2": 3, "其他": 3}, "what was not even fetched"
    with pytest.raises(Refused, match="太多"):
        ask(people.alice, by("source"), by("created_at", "day"))


def test_only_the_last_periods_are_shown(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    for month in (1, 5, 6):
        at = datetime(2026, month, 10, 4, tzinfo=UTC)
        Customer._base_manager.filter(pk=make.customer(people.alice).pk).update(last_follow_up_at=at)
    monkeypatch.setattr(statistics, "MOST_PERIODS", 2)
    assert counted(ask(people.alice, by("last_follow_up_at", "month"))) == {"2026-05": 1, "2026-06": 1, "更早": 1}


def test_records_out_of_sight_are_counted_but_not_named(people: People) -> None:
    theirs = make.customer(people.charlie, name="看不到的公司")
    make.customer(people.alice, parent=theirs)
    make.customer(people.alice, parent=make.customer(people.alice, name="看得到的公司"))
    table = ask(people.alice, by("parent"))
    assert counted(table) == {"（空）": 1, "看得到的公司": 1, "（无权查看）": 1}, counted(table)


def test_one_question_to_the_database_whatever_the_number_of_groups(people: People) -> None:
    for number in range(8):
        make.customer(people.alice, source=make.option("customers.source", f"来源{number}"))
    known, rows = names(), customers(people.alice)
    with CaptureQueriesContext(connection) as seen:
        compute(rows, [by("source"), by("created_at", "day")], Measure(), known, people.alice)
    assert len(seen) == 1, [query["sql"] for query in seen]


def test_only_fields_that_the_reader_sees_can_be_chosen(people: People) -> None:
    fields = catalogue(registry.get("customers.customer"), people.alice)
    fewer = Catalogue({path: column for path, column in fields.fields.items() if path != "source"})
    assert "source" in groupable(fields) and "source" not in groupable(fewer)
    assert "name" not in groupable(fields), "text makes no groups"


# -- the page


def test_it_says_what_it_counts_and_begins_with_the_ready_made(people: People) -> None:
    fair = make.option("customers.source", "展会")
    make.customer(people.alice, source=fair)
    make.customer(people.alice)
    client = as_(people.alice)
    page = text(client.get(PAGE))
    assert "全部 2 条" in page and re.search(r'<option value="kind" selected>', page)
    assert "按来源" in page and "<svg" in page and "style=" not in page
    narrowed = text(client.get(PAGE, {"source": fair.pk}, headers=HTMX))
    assert "基于当前查询的 1 条" in narrowed and "<html" not in narrowed
    assert "全部 2 条" in text(client.get(PAGE, {"source": str(fair.pk), "stat-over": "all"}))


def test_the_last_choice_is_remembered_for_each_list(people: People) -> None:
    make.customer(people.alice)
    client = as_(people.alice)
    client.get(PAGE, {"stat-by": "created_at", "stat-unit": "year"})
    page = text(client.get(PAGE))
    assert '<option value="created_at" selected>' in page and '<option value="year" selected>' in page
    assert '<option value="created_at" selected>' not in text(client.get("/customers/contact/statistics/"))


@pytest.mark.parametrize(
    "choice",
    [
        {"stat-by": "source"},
        {"stat-by": "source", "stat-then": "owner"},
        {"stat-by": "last_follow_up_at", "stat-unit": "month"},
        {"stat-by": "customer_class", "stat-then": "created_at", "stat-unit": "day"},
        {"stat-by": "parent", "q": "公司"},
        {"stat-by": "source", "status": "1", "where": "1.any(name.has.公司;phone.filled)"},
    ],
    ids=str,
)
def test_each_figure_leads_to_exactly_its_rows(
    people: People, monkeypatch: pytest.MonkeyPatch, choice: dict[str, str]
) -> None:
    monkeypatch.setattr(statistics, "MOST_ROWS", 2)
    monkeypatch.setattr(statistics, "MOST_PERIODS", 2)
    status = make.option("customers.status", "意向客户")
    parent = make.customer(people.alice, name="母公司", status=status)
    for number in range(6):
        made = make.customer(
            (people.alice, people.bob)[number % 2],
            name=f"第{number}家公司",
            status=status,
            source=make.option("customers.source", f"来源{number % 4}") if number < 5 else None,
            customer_class="AB"[number % 2] if number < 3 else "",
            parent=parent if number < 2 else None,
        )
        at = datetime(2026, 1 + number, 10, 4, tzinfo=UTC)
        Customer._base_manager.filter(pk=made.pk).update(last_follow_up_at=at)
    carol = as_(people.carol)
    page = text(carol.get(PAGE, choice | ({"status": str(status.pk)} if "status" in choice else {})))
    figures = re.findall(r'<td class="num">(?:<a href="([^"]+)">)?([\d,]+)', page)
    assert len(figures) > 2 and all(link for link, number in figures if number != "0"), "each has a way to its rows"
    for link, number in figures:
        shown = text(carol.get(link.replace("&amp;", "&"))) if link else ""
        assert shown.count('<tr data-pk="') == int(number), (link, number)


def test_too_many_groups_are_a_sentence(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        make.customer(people.alice, source=make.option("customers.source", f"来源{number}"))
    monkeypatch.setattr(statistics, "MOST_GROUPS", 2)
    answer = as_(people.alice).get(PAGE, {"stat-by": "source", "stat-then": "owner"})
    assert answer.status_code == 200 and "太多" in text(answer)


@pytest.mark.parametrize("value", ["owner__password", "x", "", "\x00", "name"])
def test_what_cannot_be_grouped_by_is_not(people: People, value: str) -> None:
    make.customer(people.alice)
    names = ("stat-by", "stat-then", "stat-of", "stat-unit", "stat-over")
    assert as_(people.alice).get(PAGE, dict.fromkeys(names, value)).status_code == 200


# -- the file


def test_the_table_as_a_file_that_runs_nothing(people: People) -> None:
    make.customer(people.alice, source=make.option("customers.source", "=1+1"))
    answer = as_(people.alice).get(f"{PAGE}export/", {"stat-by": "source", "format": "csv"})
    lines = b"".join(answer).decode("utf-8-sig").splitlines()
    assert lines == ["来源,记录数", "'=1+1,1", "合计,1"], lines
    assert as_(people.alice).get(f"{PAGE}export/", {"stat-by": "source", "format": "xlsx"}).status_code == 200


def test_a_file_needs_the_right_to_export_and_holds_what_may_be_exported(people: People) -> None:
    for owner in (people.alice, people.bob):
        make.customer(owner)
    everything = all_permissions("customers.customer")
    grant(people.manager, "customers.customer", everything - {"export"}, Scope.BELOW)
    path, params = f"{PAGE}export/", {"stat-by": "owner", "format": "csv"}
    carol = as_(people.carol)
    assert carol.get(path, params).status_code == 403
    assert "statistics/export" not in text(carol.get(PAGE))
    assert carol.get(path, {**params, "format": "exe"}).status_code in (403, 404)
