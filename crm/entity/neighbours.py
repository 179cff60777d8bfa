"""The place of a record in a list, and the records before and after it, found by their place in the order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from crm.entity.conditions.operators import may_be_null
from crm.entity.query import MOST_COUNTED, Count, ListQuery, ordering

NONE = Q(pk__in=[])


@dataclass(frozen=True)
class Neighbours:
    """Where a record stands: its number from 1, how many there are, and the ids beside it."""

    place: Count
    total: Count
    previous: int | None
    next: int | None


@dataclass(frozen=True)
class Key:
    """One term of the order with the record's value."""

    lookup: str
    value: Any
    falling: bool
    nullable: bool

    @property
    def same(self) -> Q:
        """Rows with the same value."""
        return Q(**{f"{self.lookup}__isnull": True}) if self.value is None else Q(**{self.lookup: self.value})

    def beyond(self, *, after: bool) -> Q:
        """Rows that this term alone puts after (or before) the record; empty values are the smallest."""
        larger = after != self.falling
        if self.value is None:
            return Q(**{f"{self.lookup}__isnull": False}) if larger else NONE
        condition = Q(**{f"{self.lookup}__{'gt' if larger else 'lt'}": self.value})
        return condition if larger or not self.nullable else condition | Q(**{f"{self.lookup}__isnull": True})


def neighbours(query: ListQuery, pk: int) -> Neighbours | None:
    """Where the record of this id stands in the list; None if it does not."""
    keys = _keys(query, pk)
    if keys is None:
        return None
    order = ordering(query.entity, query.sort, query.terms.fields)
    before, after = (query.matching.filter(_beyond(keys, after=side)) for side in (False, True))
    ahead = before.order_by()[:MOST_COUNTED].count()
    return Neighbours(
        place=Count(ahead + 1, more=ahead == MOST_COUNTED),
        total=query.count,
        previous=before.order_by(*order).reverse().values_list("pk", flat=True).first(),
        next=after.order_by(*order).values_list("pk", flat=True).first(),
    )


def _keys(query: ListQuery, pk: int) -> Sequence[Key] | None:
    fields = query.terms.fields
    columns = [(fields.get(name.removeprefix("-")), name.startswith("-")) for name in query.sort]
    known = [(column, falling) for column, falling in columns if column is not None]
    values = query.matching.filter(pk=pk).values_list(*(column.lookup for column, _falling in known), "pk").first()
    if values is None:
        return None
    keys = [
        Key(column.lookup, value, falling, may_be_null(column))
        for (column, falling), value in zip(known, values[:-1], strict=True)
    ]
    return [*keys, Key("pk", pk, keys[-1].falling if keys else False, nullable=False)]


def _beyond(keys: Sequence[Key], *, after: bool) -> Q:
    found = NONE
    same = Q()
    for key in keys:
        found |= same & key.beyond(after=after)
        same &= key.same
    return found
