"""What still needs a record: rows of other records that point to it and would be left without."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.functional import Promise

from crm.record.models import Record

if TYPE_CHECKING:
    from crm.org.models import User

NAMED = 3


@dataclass(frozen=True)
class Reference:
    """Records of one kind that point to a record: how many, and the first names that the user may see."""

    label: str | Promise
    count: int
    names: list[str]


def references(record: Record, user: "User") -> list[Reference]:
    """The living records that stand in the way of deleting `record`; one query per kind, two where there are any."""
    found = []
    for relation in record._meta.related_objects:
        model: Any = relation.related_model
        if getattr(relation, "on_delete", None) is models.PROTECT and issubclass(model, Record):
            pointing = model.objects.alive().filter(**{relation.field.name: record})
            count = pointing.count()
            if count:
                visible = model.objects.visible_to(user).filter(**{relation.field.name: record}).order_by("pk")[:NAMED]
                label = model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural
                found.append(Reference(label, count, [str(child) for child in visible]))
    return found
