"""Records of any registered entity, made from what its model says. Tests of the base know no entity by name."""

from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from django.db import models

from crm.entity.columns import field_of, kind_of
from crm.entity.declare import Entity
from crm.kernel import registry
from crm.kernel.dates import now
from crm.org.models import User
from crm.record import write
from crm.record.models import Record
from crm.record.picklists import PicklistOption

_serial = count(1)


def build(entity: Entity, by: User, **given: Any) -> Record:
    """A record of the entity that `by` made, with every form field filled and `given` values."""
    record = entity.model(**{**fill(entity, by, given), **given})
    entity.prepare(record, by)
    write.insert([record], by)
    return type(record)._base_manager.get(pk=record.pk)


def fill(entity: Entity, by: User, given: dict[str, Any] | None = None) -> dict[str, Any]:
    """A believable value for every form field but references to the entity itself; each call gives others."""
    given = given or {}
    number = next(_serial)
    values: dict[str, Any] = {}
    for name in entity.fields:
        field: Any = field_of(entity.model, name)
        if name in given or (field.is_relation and not _needed(entity, field)):
            continue
        values[name] = value_for(field, by, number)
    return values


def value_for(field: Any, by: User, number: int) -> Any:
    """A valid value for a field."""
    match kind_of(field):
        case "option":
            return PicklistOption.objects.get_or_create(list=field.list, label=f"选项{number % 3}")[0]
        case "choice":
            return field.flatchoices[number % len(field.flatchoices)][0]
        case "user":
            return by
        case "record":
            parent: Entity = registry.for_model(field.related_model)  # type: ignore[assignment]
            return build(parent, by)
        case "datetime":
            return now().replace(second=0, microsecond=0)
        case "date":
            return date(1990, 1, 1 + number % 28)
        case "integer":
            return number
        case "decimal":
            return Decimal(number) / 4
        case "bool":
            return False
        case "email":
            return f"person{number}@example.com"
        case "url":
            return f"https://example.com/{number}"
    return _text(field, number)


def _needed(entity: Entity, field: "models.Field[Any, Any]") -> bool:
    kind = kind_of(field)
    return kind in ("option", "user") or not field.blank


def _text(field: Any, number: int) -> str:
    known = {
        "credit_code": "",
        "phone": f"021-5888{number % 10000:04d}",
        "mobile": f"138{number % 100_000_000:08d}",
    }
    text = known.get(field.name, f"测试{field.name}{number}")
    return text[: field.max_length] if getattr(field, "max_length", None) else text


def as_typed(entity: Entity, values: dict[str, Any]) -> dict[str, str]:
    """Values as a browser would send them."""
    return {name: _typed(value) for name, value in values.items()}


def _typed(value: Any) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return "on"
    if isinstance(value, models.Model):
        return str(value.pk)
    if hasattr(value, "hour"):
        return value.astimezone().strftime("%Y-%m-%d %H:%M")  # type: ignore[no-any-return]
    return str(value)
