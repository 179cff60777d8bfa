"""Custom fields through the doors that are not pages of their own: the API and the import."""

from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook

from crm.exchange.models import OnDuplicate
from crm.fields.models import CustomKind
from crm.kernel import registry
from crm.testing.api_promises import Program, record_path
from crm.testing.contract import World, imported
from crm.testing.custom import define, text_of, value_of
from crm.testing.factory import build
from crm.testing.people import People
from customers.models import Customer

CUSTOMER = registry.get("customers.customer")


def as_json(kind: str, value: Any) -> Any:
    """A value as a program sends it."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if kind in (CustomKind.NUMBER, CustomKind.BOOL, CustomKind.CHOICES):
        return value
    return getattr(value, "pk", None) or str(value)


@pytest.mark.parametrize("kind", CustomKind.values)
def test_a_program_writes_and_reads_every_kind(people: People, kind: str) -> None:
    field = define(CUSTOMER, kind)
    customer = build(CUSTOMER, people.alice)
    value = value_of(field, people.alice, customer)
    program, path = Program(people.alice), record_path(CUSTOMER, customer)
    answer = program.patch(path, {field.name: as_json(kind, value), "version": customer.version})
    assert answer.status_code == 200, answer.content.decode()
    assert Customer.objects.get(pk=customer.pk).custom_value(field.name) == getattr(value, "pk", value)
    assert program.get(path).json()[field.name] not in (None, "")


@pytest.mark.parametrize("kind", CustomKind.values)
def test_an_import_reads_every_kind(people: People, kind: str) -> None:
    field = define(CUSTOMER, kind)
    customer = build(CUSTOMER, people.alice)
    value = value_of(field, people.alice, customer)
    book, file = Workbook(), BytesIO()
    sheet = book.active
    assert sheet is not None
    sheet.append(["编号", field.label])
    sheet.append([customer.number, text_of(field, people.alice, customer)])
    book.save(file)
    file.seek(0)
    imported(World(CUSTOMER, people), people.alice, file, on_duplicate=OnDuplicate.UPDATE)
    assert Customer.objects.get(pk=customer.pk).custom_value(field.name) == getattr(value, "pk", value)
