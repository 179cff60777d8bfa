"""Whoever may not see, or not change, a field neither exchanges it: templates, mapping, rows, error file, export."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from django.utils.translation import override

from crm.exchange import exporting, failures, importing, templates
from crm.exchange.mapping import guess
from crm.exchange.resource import EntityResource
from crm.fields.models import CustomKind, FieldRule, Level
from crm.org.models import Scope, User
from crm.testing.custom import define, text_of, value_of
from crm.testing.people import People, all_permissions, grant
from customers.models import Customer
from tests.customers import make
from tests.exchange.tables import CONTACTS, MINE, entity_of, imported, outcome

pytestmark = pytest.mark.django_db
P1, P2 = "021-58880001", "021-58880002"


@pytest.fixture(autouse=True)
def _english(people: People, settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    User.objects.update(language="en")
    with override("en"):
        yield


def rule(people: People, field: str, level: str) -> User:
    FieldRule.objects.create(role=people.seller, entity="customers.customer", field=field, level=level)
    return User.objects.get(pk=people.alice.pk)


def sheet_of(alice: User, columns: list[str]) -> list[list[Any]]:
    export = exporting.request(entity_of(MINE), alice, query="", selection=None, columns=columns, format="xlsx")
    book = openpyxl.load_workbook(BytesIO(exporting.write_now(export, alice).read()))
    return [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]


@pytest.mark.parametrize("level", [Level.HIDDEN, Level.READ_ONLY])
def test_such_a_field_is_not_imported(level: str, people: People) -> None:
    alice = rule(people, "phone", level)
    make.customer(people.alice, name="旧", phone=P1)
    resource = EntityResource(entity_of(MINE), alice)
    assert "phone" not in resource.importable
    assert guess(resource, ["customer name", "phone", "联系电话"]) == {"name": 0}
    target = BytesIO()
    templates.write(resource, ["name", "phone"], target)
    assert [cell.value for cell in openpyxl.load_workbook(target).worksheets[0][1]] == ["customer name *"]
    rows = (["customer name", "phone"], ["旧", P2], ["新", P2])
    # A mapping that was made while one had the right, or made up, counts no more.
    imported(alice, MINE, *rows, mapping={"name": 0, "phone": 1}, on_duplicate="update")
    assert dict(Customer.objects.values_list("name", "phone")) == {"旧": P1, "新": ""}


def test_a_hidden_field_is_not_exported(people: People) -> None:
    make.customer(people.alice, name="旧", phone=P1)
    before = exporting.request(
        entity_of(MINE), people.alice, query="", selection=None, columns=["name", "phone"], format="csv"
    )
    alice = rule(people, "phone", Level.HIDDEN)
    assert "phone" not in EntityResource(entity_of(MINE), alice).exportable
    assert sheet_of(alice, ["name", "phone"]) == [["customer name"], ["旧"]]
    assert P1 not in exporting.write_now(before, alice).read().decode("utf-8-sig")


def test_a_masked_field_is_exported_in_part_and_not_changed(people: People) -> None:
    make.customer(people.alice, name="旧", phone="13812348000")
    grant(people.seller, "customers.customer", all_permissions("customers.customer") - {"reveal"}, Scope.OWN)
    alice = rule(people, "phone", Level.MASKED)
    assert sheet_of(alice, ["name", "phone"])[1] == ["旧", "138****8000"]
    batch, _job = imported(alice, MINE, ["customer name", "phone"], ["旧", P2], on_duplicate="update")
    assert outcome(batch) == [(2, "failed", "“phone”: you see only a part of it, so you cannot change it")]
    assert Customer.objects.get().phone == "13812348000"


def test_a_key_that_is_hidden_finds_nothing(people: People) -> None:
    make.customer(people.alice, name="旧", credit_code="91310000MA1FL0000X")
    alice = rule(people, "credit_code", Level.HIDDEN)
    assert EntityResource(entity_of(MINE), alice).keys == [("number",), ("name",)]


def test_a_new_record_is_refused_where_a_field_that_it_needs_is_closed(people: People) -> None:
    make.customer(people.alice, name="旧")
    alice = rule(people, "name", Level.READ_ONLY)
    rows = (["customer name", "phone"], ["旧", P2], ["新", P2])
    batch, _job = imported(alice, MINE, *rows, on_duplicate="update")
    assert [state for _row, state, _why in outcome(batch)] == ["updated", "failed"]
    assert dict(Customer.objects.values_list("name", "phone")) == {"旧": P2}


@pytest.mark.parametrize("kind", CustomKind.values)
def test_custom_fields_go_out_and_come_in(kind: str, people: People) -> None:
    entity = entity_of(MINE)
    field = define(entity, kind)
    alice = User.objects.get(pk=people.alice.pk)
    one = make.customer(people.alice, name="旧")
    value = value_of(field, people.alice, one)
    from crm.record import write

    one.set_custom(field.name, value)
    write.update([one], people.alice)
    head, row = sheet_of(alice, ["name", field.name])
    assert head == ["customer name", str(field)] or head[1]
    with override("zh-hans"):
        shown = text_of(field, people.alice, one)
    batch, job = imported(
        alice, MINE, ["customer name", field.name], ["新", shown if kind != CustomKind.BOOL else "是"]
    )
    assert job.counters.get("created") == 1, outcome(batch)
    assert Customer.objects.get(name="新").custom == Customer.objects.get(name="旧").custom
    assert row[1] not in (None, "")


def test_the_error_file_of_contacts_holds_what_was_uploaded(people: People) -> None:
    batch, _job = imported(people.alice, CONTACTS, ["customer", "name"], ["没有的", "王伟"])
    target = BytesIO()
    assert failures.write(batch, target) == 1
    assert importing.preview(batch, EntityResource(entity_of(CONTACTS), people.alice)) == []
