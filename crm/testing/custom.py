"""Custom fields for tests: one of each kind, with a value."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from crm.entity.declare import Entity
from crm.fields.models import CustomField, CustomKind
from crm.org.models import User
from crm.record.custom import list_key
from crm.record.models import Record
from crm.record.picklists import PicklistOption


def define(entity: Entity, kind: str, **given: Any) -> CustomField:
    """A custom field of an entity; of choices with two options, 甲 and 乙."""
    facts = {"label": f"自定义{CustomKind(kind).name.lower()}", "target": entity.key, "decimals": 0, **given}
    made = CustomField.objects.create(entity=entity.model.key(), kind=kind, **facts)
    if kind in (CustomKind.CHOICE, CustomKind.CHOICES):
        for order, label in enumerate(("甲", "乙")):
            PicklistOption.objects.create(list=list_key(made.name), label=label, order=order)
    return made


def value_of(made: CustomField, by: User, record: Record | None = None) -> Any:
    """A value that a field of this kind takes; references lead to `record`."""
    match made.kind:
        case CustomKind.NUMBER:
            return 42
        case CustomKind.MONEY:
            return Decimal("1234.50")
        case CustomKind.DATE:
            return date(2031, 3, 14)
        case CustomKind.DATETIME:
            return datetime(2031, 3, 14, 1, 30, tzinfo=UTC)
        case CustomKind.BOOL:
            return True
        case CustomKind.CHOICE | CustomKind.CHOICES:
            first = PicklistOption.objects.filter(list=list_key(made.name)).order_by("order")[0]
            return first if made.kind == CustomKind.CHOICE else [first.pk]
        case CustomKind.USER:
            return by
        case CustomKind.DEPARTMENT:
            return by.department
        case CustomKind.REFERENCE:
            return record
        case CustomKind.URL:
            return "https://example.com/custom-7f3a"
    return "自定义值7f3a"


def text_of(made: CustomField, by: User, record: Record | None = None) -> str:
    """How pages show that value."""
    match made.kind:
        case CustomKind.MONEY:
            return "1,234.50"
        case CustomKind.DATE:
            return "2031-03-14"
        case CustomKind.DATETIME:
            return "2031-03-14 09:30"
        case CustomKind.BOOL:
            return "是"
        case CustomKind.CHOICE | CustomKind.CHOICES:
            return "甲"
    return str(value_of(made, by, record))
