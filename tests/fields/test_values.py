"""Values of custom fields: kept, typed, compared and guarded by the one write door."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db.models import F, Sum
from django.db.models.functions import TruncMonth

from crm.entity.catalogue import catalogue
from crm.fields.models import CustomKind
from crm.fields.patterns import PatternValidator, check_pattern
from crm.kernel import registry
from crm.kernel.errors import Invalid
from crm.record import write
from crm.record.models import Change
from crm.testing.custom import define, value_of
from crm.testing.factory import build
from crm.testing.people import People
from customers.models import Customer

CUSTOMER = registry.get("customers.customer")
SOME = {CustomKind.TEXT: "甲方", CustomKind.NUMBER: 5, CustomKind.MONEY: Decimal("9.50")}


def given(people: People, kind: str, value: Any = None, **facts: Any) -> tuple[Customer, Any]:
    """A stored customer with a value in a new custom field, and the field's column."""
    field = define(CUSTOMER, kind, **facts)
    column = catalogue(CUSTOMER, people.alice).fields[field.name]
    customer = build(CUSTOMER, people.alice)
    column.assign(customer, value_of(field, people.alice, customer) if value is None else value)
    write.update([customer], people.alice)
    return Customer.objects.get(pk=customer.pk), column


@pytest.mark.parametrize("kind", CustomKind.values)
def test_every_kind_comes_back_as_it_was_written_and_can_be_asked_for(people: People, kind: str) -> None:
    customer, column = given(people, kind)
    stored = customer.custom_value(column.path)
    wanted = value_of(type("F", (), {"kind": kind, "name": column.path}), people.alice, customer)  # type: ignore[arg-type]
    assert stored == getattr(wanted, "pk", wanted)
    lookup = f"{column.lookup}__overlap" if kind == CustomKind.CHOICES else column.lookup
    build(CUSTOMER, people.alice)
    assert list(Customer.objects.filter(**{lookup: stored})) == [customer]
    assert Customer.objects.filter(**{f"{column.lookup}__isnull": True}).count() == 1
    assert Customer.objects.values_list(column.lookup, flat=True).get(pk=customer.pk) == stored


def test_numbers_and_days_are_ordered_and_summed_as_such(people: People) -> None:
    number = define(CUSTOMER, "number", decimals=2)
    day = define(CUSTOMER, "date")
    fields = catalogue(CUSTOMER, people.alice).fields
    for amount, month in (("9.5", 2), ("10", 1), ("-3", 1)):
        customer = build(CUSTOMER, people.alice)
        fields[number.name].assign(customer, Decimal(amount))
        fields[day.name].assign(customer, date(2031, month, 9))
        write.update([customer], people.alice)
    lookup = fields[number.name].lookup
    assert list(Customer.objects.order_by(lookup).values_list(lookup, flat=True)) == [
        Decimal("-3"),
        Decimal("9.5"),
        Decimal("10"),
    ]
    months = Customer.objects.values(month=TruncMonth(fields[day.name].lookup)).annotate(sum=Sum(lookup))
    assert {(row["month"], row["sum"]) for row in months} == {
        (date(2031, 1, 1), Decimal("7")),
        (date(2031, 2, 1), Decimal("9.5")),
    }
    assert Customer.objects.annotate(n=F(lookup)).filter(n__gte=Decimal("9.5")).count() == 2


def test_an_instant_does_not_depend_on_the_zone_in_which_it_is_written(people: People) -> None:
    at = datetime(2031, 3, 14, 23, 30, tzinfo=UTC)
    customer, column = given(people, "datetime", at)
    elsewhere = at.astimezone(tz=__import__("zoneinfo").ZoneInfo("America/New_York"))
    assert customer.custom_value(column.path) == elsewhere
    assert Customer.objects.filter(**{column.lookup: elsewhere}).exists()
    assert Customer.objects.filter(**{f"{column.lookup}__date": date(2031, 3, 15)}).exists(), "the company's day"
    assert not Customer.objects.filter(**{f"{column.lookup}__gt": at + timedelta(seconds=1)}).exists()


def test_history_keeps_old_and_new_by_the_fields_name(people: People) -> None:
    customer, column = given(people, "text", "旧")
    column.assign(customer, "新")
    write.update([customer], people.alice)
    assert Change.objects.order_by("-pk")[0].fields == {column.path: ["旧", "新"]}


def test_writing_the_same_value_again_changes_nothing(people: People) -> None:
    customer, column = given(people, "money", Decimal("9.50"))
    version = customer.version
    column.assign(customer, Decimal("9.50"))
    write.update([customer], people.alice)
    assert Customer.objects.get(pk=customer.pk).version == version


def test_a_default_fills_new_records_unless_somebody_emptied_it(people: People) -> None:
    field = define(CUSTOMER, "text", default="普通")
    filled, emptied = CUSTOMER.model(name="甲"), CUSTOMER.model(name="乙")
    emptied.set_custom(field.name, "")
    for customer in (filled, emptied):
        CUSTOMER.prepare(customer, people.alice)
    write.insert([filled, emptied], people.alice)
    assert (filled.custom, emptied.custom) == ({field.name: "普通"}, {})


def test_a_unique_value_is_refused_twice_in_the_table_and_in_one_batch(people: People) -> None:
    customer, column = given(people, "text", "独一", unique=True)
    write.update([customer], people.alice)
    other = build(CUSTOMER, people.alice)
    column.assign(other, "独一")
    with pytest.raises(Invalid):
        write.update([other], people.alice)
    pair = [build(CUSTOMER, people.alice), build(CUSTOMER, people.alice)]
    for each in pair:
        column.assign(each, "同一")
    with pytest.raises(Invalid):
        write.update(pair, people.alice)


def test_a_searchable_value_is_found(people: People) -> None:
    customer, _ = given(people, "text", "青铜葵花", searchable=True)
    assert list(Customer.objects.alive().matching("青铜")) == [customer]


def test_a_name_that_nobody_defined_is_a_plain_key(people: People) -> None:
    build(CUSTOMER, people.alice)
    assert not Customer.objects.filter(custom__cf_999999="x").exists()


@pytest.mark.parametrize(
    "pattern", [r"(a+)+", r"(a|b*)*c", r"\d*\d*\d*\d*", r"(x)\1", r"(?=a)b", r"(", r"((ab){1,9}){1,9}"]
)
def test_patterns_that_could_run_for_ever_are_refused(pattern: str) -> None:
    with pytest.raises(ValidationError):
        check_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "text"), [(r"[A-Z]{2}-\d{4}", "AB-1234"), (r"\d+(\.\d{1,2})?", "12.5"), ("a|b", "b")]
)
def test_patterns_people_need_are_taken(pattern: str, text: str) -> None:
    check_pattern(pattern)
    PatternValidator(pattern)(text)
    with pytest.raises(ValidationError):
        PatternValidator(pattern)(text + "!")
