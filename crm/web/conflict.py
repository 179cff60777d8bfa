"""Two editors: what the first one changed while the second one was typing."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from crm.entity.fields import as_id
from crm.entity.forms import RecordForm
from crm.entity.history import Values
from crm.entity.lines import LineRows, Row
from crm.org.models import User
from crm.record.history import changes_since, changes_since_each
from crm.record.models import Change, Record
from crm.record.names import names

MINE, THEIRS = "mine", "theirs"
TAKE, TAKE_ALL = "take_", "take_all"


@dataclass(frozen=True)
class Difference:
    """A field that somebody else changed and whose present value is not the typed one."""

    # As the form sends it; of a line as a whole its prefix.
    name: str
    label: str | Promise
    before: str
    theirs: str
    mine: str
    # Whether the second editor changed the field too; if not, theirs is the natural choice.
    touched: bool
    # Who changed it, and when.
    by: str
    at: datetime


@dataclass(frozen=True)
class Conflict:
    """Where changes of others since the form was opened meet what was typed."""

    differences: list[Difference]

    @property
    def people(self) -> list[str]:
        """Who made them."""
        return list(dict.fromkeys(each.by for each in self.differences))

    @property
    def at(self) -> datetime:
        """When the latest was made."""
        return max(each.at for each in self.differences)


def conflict_of(form: RecordForm, lines: LineRows | None, record: Record, user: User) -> Conflict | None:
    """What stands between a valid form and saving; None if nothing typed would undo somebody's change.

    `record` is locked and is the form's instance: it holds what was typed and remembers what it was loaded with.
    """
    seen = form.cleaned_data.get("version") or 0
    changes = changes_since(record, seen) if seen < record.version else []
    found = [*_differences(form, record, changes, user), *(_of_lines(lines, user) if lines else ())]
    return Conflict(found) if found else None


# -- what the user chose


def has_chosen(data: Any) -> bool:
    """Whether something that was sent answers a conflict."""
    return any(name.startswith(TAKE) for name in data)


def take_chosen(data: Any, form: RecordForm, lines: LineRows | None) -> None:
    """Replace in `data` (a mutable copy of the POST) what the user chose to keep as the others left it.

    `form` and `lines` are unbound and show the record as it is now.
    """
    if data.get(TAKE_ALL) in (MINE, THEIRS):
        for name in [name for name in data if name.startswith(TAKE)]:
            data[name] = data[TAKE_ALL]
    for name in form.fields:
        if data.get(f"{TAKE}{name}") == THEIRS:
            _put(data, name, form, name)
    if lines is not None:
        now = {row.line.pk: row for row in lines.rows if not row.is_new}
        for prefix in [name.removesuffix("-id") for name in data if name.endswith("-id")]:
            _take_line(data, prefix, now.get(as_id(data[f"{prefix}-id"]) or 0))


def answer_for_now(data: Any, record: Record, lines: LineRows | None) -> None:
    """Let `data` answer for the versions that are stored now, and name the lines that others have added."""
    data["version"] = str(record.version)
    if lines is None:
        return
    for row in lines.rows:
        if not (row.is_new or row.gone):
            data[f"{row.prefix}-version"] = str(row.line.version)
    for row in lines.added():
        _put_line(data, row.prefix, row)


def _take_line(data: Any, prefix: str, now: Row | None) -> None:
    choice = data.get(f"{TAKE}{prefix}")
    if choice == THEIRS and now is None:
        for name in [name for name in data if name.startswith(f"{prefix}-")]:
            del data[name]
    elif choice == THEIRS and now is not None:
        data.pop(f"{prefix}-removed", None)
        _put_line(data, prefix, now)
    elif choice == MINE and now is None:
        # Nobody can change what was removed: it comes back as a new line.
        data[f"{prefix}-id"] = data[f"{prefix}-version"] = ""
    if now is not None:
        for name in now.form.fields:
            if data.get(f"{TAKE}{prefix}-{name}") == THEIRS:
                _put(data, f"{prefix}-{name}", now.form, name)


def _put_line(data: Any, prefix: str, row: Row) -> None:
    data[f"{prefix}-id"], data[f"{prefix}-version"] = str(row.line.pk), str(row.line.version)
    for name in row.form.fields:
        if name != "version":
            _put(data, f"{prefix}-{name}", row.form, name)


def _put(data: Any, key: str, form: RecordForm, name: str) -> None:
    """Write a field's present value as its control would send it."""
    field = form.fields[name]
    value = form.get_initial_for_field(field, name)
    if isinstance(field, forms.BooleanField):
        data[key] = "on" if value else ""
        return
    shown = field.widget.format_value(field.prepare_value(value))
    if isinstance(field, forms.MultipleChoiceField):
        data.setlist(key, shown or [])
    else:
        data[key] = (shown[0] if shown else "") if isinstance(shown, list) else (shown or "")


# -- where it clashes


def _differences(
    form: RecordForm, record: Record, changes: Sequence[Change], user: User, place: str = ""
) -> Iterator[Difference]:
    before: dict[str, str | None] = {}
    last: dict[str, Change] = {}
    for change in changes:  # newest first, so that the oldest value stays
        before.update({name: pair[0] for name, pair in change.fields.items() if name in form.fields})
        last = {**dict.fromkeys(change.fields, change), **last}
    clashing = {name: pair for name, pair in record.changed_values().items() if name in before}
    stored = [(name, value) for name, pair in clashing.items() for value in (before[name], *pair)]
    known = names(getattr(user, "org_stamp", None))
    values = Values(type(record), user, known, stored)
    for name, (theirs, mine) in clashing.items():
        was = values.value(name, before[name])
        label = capfirst(str(values.label(name)))
        yield Difference(
            name=form.add_prefix(name),
            label=f"{place} · {label}" if place else label,
            before=values.text(name, was),
            theirs=values.text(name, theirs),
            mine=values.text(name, mine),
            touched=was != mine,
            by=known.users.get(last[name].by_id or 0, ""),
            at=last[name].at,
        )


def _of_lines(lines: LineRows, user: User) -> Iterator[Difference]:
    seen = {row.line: lines.seen_version(row) for row in lines.rows if not row.is_new}
    late = {line: version for line, version in seen.items() if version < line.version}
    changes = changes_since_each(late)
    for number, row in enumerate(lines.rows, 1):
        made = changes.get(row.line, []) if not row.is_new else []
        place = _("Line %(number)s") % {"number": number}
        if row.gone or row.removed:
            yield from _of_whole_line(lines, row, made, place)
        elif any(change.fields for change in made):
            yield from _differences(row.form, row.line, made, user, place)


def _of_whole_line(lines: LineRows, row: Row, made: Sequence[Change], place: str) -> Iterable[Difference]:
    """A line that one removed and the other changed."""
    gone = row.gone and not row.removed
    if gone:
        clashes = row.form.is_valid() and bool(row.typed)
    else:
        clashes = not row.gone and any(change.fields for change in made)
    if not clashes or not made:
        return []
    removed, text = _("Removed"), lines.described(row)
    return [
        Difference(
            name=row.prefix,
            label=place,
            before="",
            theirs=removed if gone else text,
            mine=text if gone else removed,
            touched=True,
            by=lines.names.users.get(made[0].by_id or 0, ""),
            at=made[0].at,
        )
    ]
