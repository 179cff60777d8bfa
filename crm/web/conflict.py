"""Two editors: what the first one changed while the second one was typing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.utils.functional import Promise

from crm.entity.forms import RecordForm
from crm.entity.history import Values
from crm.org.models import User
from crm.record.history import changes_since
from crm.record.models import Change, Record
from crm.record.names import names

MINE, THEIRS = "mine", "theirs"


@dataclass(frozen=True)
class Difference:
    """A field that somebody else changed and whose present value is not the typed one."""

    name: str
    label: str | Promise
    before: str
    theirs: str
    mine: str
    # Whether the second editor changed the field too; if not, theirs is the natural choice.
    touched: bool


@dataclass(frozen=True)
class Conflict:
    """Who changed the record since the form was opened, when, and where that meets what was typed."""

    people: list[str]
    at: datetime
    differences: list[Difference]


def conflict_of(form: RecordForm, record: Record, user: User) -> Conflict | None:
    """What stands between a valid form and saving; None if nothing typed would undo somebody's change.

    `record` is locked and is the form's instance: it holds what was typed and remembers what it was loaded with.
    """
    seen = form.cleaned_data.get("version") or 0
    if seen >= record.version:
        return None
    changes = changes_since(record, seen)
    known = names(getattr(user, "org_stamp", None))
    differences = _differences(form, record, changes, user)
    if not differences:
        return None
    people = dict.fromkeys(known.users.get(change.by_id or 0, "") for change in changes)
    return Conflict(list(people), changes[0].at, differences)


def take_theirs(form: RecordForm, data: Any) -> None:
    """Replace in `data` (a mutable copy of the POST) the fields whose present value the user chose to keep.

    `form` is an unbound form of the record as it is now.
    """
    for name, field in form.fields.items():
        if data.get(f"take_{name}") == THEIRS:
            value = form.get_initial_for_field(field, name)
            if isinstance(field, forms.BooleanField):
                data[name] = "on" if value else ""
            else:
                typed = field.widget.format_value(field.prepare_value(value))
                data[name] = (typed[0] if typed else "") if isinstance(typed, list) else (typed or "")


def _differences(form: RecordForm, record: Record, changes: Sequence[Change], user: User) -> list[Difference]:
    before: dict[str, str | None] = {}
    for change in changes:  # newest first, so that the oldest value stays
        before.update({name: pair[0] for name, pair in change.fields.items() if name in form.fields})
    clashing = {name: pair for name, pair in record.changed_values().items() if name in before}
    stored = [(name, value) for name, pair in clashing.items() for value in (before[name], *pair)]
    values = Values(type(record), user, names(getattr(user, "org_stamp", None)), stored)
    return [_difference(values, name, before[name], *pair) for name, pair in clashing.items()]


def _difference(values: Values, name: str, before: str | None, theirs: Any, mine: Any) -> Difference:
    was = values.value(name, before)
    return Difference(
        name=name,
        label=values.label(name),
        before=values.text(name, was),
        theirs=values.text(name, theirs),
        mine=values.text(name, mine),
        touched=was != mine,
    )
