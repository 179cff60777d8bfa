"""The filter bar and the chips of a list, from the bound filter set of its query."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django_filters import fields as filter_fields

from crm.entity.conditions import tree
from crm.entity.conditions.terms import Untold
from crm.entity.conditions.tree import Condition, Group
from crm.entity.fields import AllUsers, RecordChoice
from crm.entity.query import ListQuery

# A longer list of choices is fetched when its box is opened.
MOST_INLINE = 60
# From this length on a box has a field that narrows its choices.
MANY = 8

Kind = Literal["choices", "record", "days", "range", "select", "text"]


@dataclass(frozen=True)
class Chip:
    """One condition in words, with the address of the list without it."""

    label: str | Promise
    text: str
    url: str
    # The word before it, where any one of several conditions is enough.
    before: str = ""
    # Left out, because it cannot be read.
    broken: bool = False


class FilterBox:
    """One filter of the bar."""

    def __init__(self, query: ListQuery, name: str) -> None:
        self.query, self.name = query, name
        self.bound = query.filters.form[name]
        self.field: Any = self.bound.field
        self.label: str | Promise = self.field.label or name

    @property
    def kind(self) -> Kind:
        """How the box looks."""
        if isinstance(self.field, filter_fields.DateRangeField):
            return "days"
        if isinstance(self.field, filter_fields.RangeField):
            return "range"
        if isinstance(self.field, RecordChoice):
            return "record"
        if isinstance(self.field, forms.MultipleChoiceField | forms.ModelMultipleChoiceField):
            return "choices"
        return "select" if isinstance(self.field, forms.ChoiceField) else "text"

    @cached_property
    def choices(self) -> list[tuple[str, str]]:
        """(value, label) of a box of choices."""
        return [(str(value), str(label)) for value, label in self.field.choices]

    @cached_property
    def chosen(self) -> list[str]:
        """The values as they stand in the URL; of a range always two."""
        if self.kind in ("days", "range"):
            return [self.query.params.get(name, "") for name in self.params]
        return [value for value in self.query.params.getlist(self.name) if value]

    @property
    def params(self) -> list[str]:
        """The URL parameters that belong to the box."""
        suffixes = getattr(self.field.widget, "suffixes", None)
        return [f"{self.name}_{suffix}" for suffix in suffixes] if suffixes else [self.name]

    @property
    def is_long(self) -> bool:
        """Whether its choices are fetched when it is opened."""
        return self._size > MOST_INLINE

    @property
    def has_many(self) -> bool:
        """Whether its choices need a field that narrows them."""
        return self._size > MANY

    @property
    def _size(self) -> int:
        return len(self.field.choices if isinstance(self.field.choices, AllUsers) else self.choices)

    @property
    def number(self) -> int:
        """How many values are chosen."""
        return sum(1 for value in self.chosen if value)

    @property
    def chip(self) -> Chip | None:
        """The condition as a chip; None if the box is empty."""
        if not any(self.chosen):
            return None
        return Chip(self.label, self._text(), self.query.url(**dict.fromkeys(self.params)))

    def _text(self) -> str:
        match self.kind:
            case "choices" | "select":
                labels = {str(value): str(label) for value, label in self.field.choices}
                return _(", ").join(labels.get(value, value) for value in self.chosen)
            case "days" | "range":
                first, last = self.chosen
                return f"{first or '…'} ~ {last or '…'}"
            case "record":
                return str(self.query.filters.form.cleaned_data.get(self.name) or self.chosen[0])
        return self.chosen[0]


def boxes(query: ListQuery) -> list[FilterBox]:
    """The filter bar, in the declared order."""
    return [FilterBox(query, name) for name in query.filters.base_filters]


def chips(query: ListQuery, bar: list[FilterBox]) -> Iterator[Chip]:
    """The conditions that narrow the list now: of the filter bar, then of the advanced query."""
    for box in bar:
        chip = box.chip
        if chip and box.name not in query.filters.form.errors:
            yield chip
    for place, item in enumerate(query.where.items):
        yield _asked(query, place, item)
    for narrowed in query.narrowings:
        yield Chip(narrowed.meaning.label, narrowed.meaning.text, query.url(**{narrowed.parameter: None}))


def _asked(query: ListQuery, place: int, item: Condition | Group) -> Chip:
    """One condition or inner group of the advanced query."""
    terms = query.terms
    url = query.url(where=tree.write(query.where.without(place)) or None)
    before = pgettext("conditions", "or") if place and query.where.join == "any" else ""
    if isinstance(item, Group):
        return Chip("", f"({terms.join_words(item)})", url, before)
    try:
        column, operator = terms.asked(item)
        terms.condition(item)
    except Untold:
        return Chip("", item.path, url, before, broken=True)
    return Chip(column.label, terms.asked_words(column, operator, item.values), url, before)
