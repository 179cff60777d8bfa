"""The change history in words: fields by their labels, stored values as their reader sees them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm.entity.catalogue import catalogue
from crm.entity.cells import EMPTY, text_of
from crm.entity.columns import BoundColumn, bind
from crm.entity.declare import Entity
from crm.entity.lines import NOTE
from crm.entity.masking import masked
from crm.fields.rules import narrowed
from crm.record.attachments import HISTORY_FIELD
from crm.record.custom import is_custom
from crm.record.models import Change, Record
from crm.record.names import Names

if TYPE_CHECKING:
    from crm.org.models import User

# Verbs that are no actions of an entity.
VERBS = {
    "create": gettext_lazy("Created"),
    "change": gettext_lazy("Changed"),
    "import": gettext_lazy("Imported"),
    "delete": gettext_lazy("Deleted"),
    "restore": gettext_lazy("Restored"),
    "undo": pgettext_lazy("history", "Undone"),
    "hand_over": gettext_lazy("Handed over"),
    "attach": gettext_lazy("File added"),
    "detach": gettext_lazy("File removed"),
}
OTHER_FIELDS = {HISTORY_FIELD: gettext_lazy("Attachments")}


@dataclass(frozen=True)
class FieldChange:
    """One field: what it was and what it became."""

    label: str | Promise
    old: str
    new: str


@dataclass(frozen=True)
class Entry:
    """One line of the history."""

    pk: int
    at: datetime
    by: str
    verb: str | Promise
    reason: str
    fields: list[FieldChange]


class Values:
    """Stored values of one model for one reader: ids become names, of records only if the reader may see them."""

    def __init__(
        self,
        model: type[Record],
        user: "User",
        names: Names,
        stored: Iterable[tuple[str, Any]] = (),
        masked: Iterable[str] = (),
    ) -> None:
        self.model, self.names = model, names
        self._narrowed = narrowed(user, model.key())
        self._masked = {*self._narrowed.masked, *masked}
        self._records = visible_names(user, self._wanted(stored))

    def hides(self, name: str) -> bool:
        """Whether the reader may not see the field at all."""
        return name in self._narrowed.hidden

    def label(self, name: str) -> str | Promise:
        """The label of a field, also of one that no longer exists."""
        column = column_of(self.model, name)
        return column.label if column else OTHER_FIELDS.get(name, name)

    def value(self, name: str, stored: str | None) -> Any:
        """What a stored text stands for: a number, a day, the id of a relation."""
        column = column_of(self.model, name)
        if column is None or column.field is None or stored is None:
            return stored
        field: Any = column.field
        try:
            return (field.target_field if field.is_relation else field).to_python(stored)
        except ValidationError:
            return stored

    def text(self, name: str, value: Any) -> str:
        """A value in words."""
        column = column_of(self.model, name)
        if value is None or value == "":
            return EMPTY
        if column is None:
            return str(value)
        if name in self._masked:
            return masked(value, column.kind)
        if column.kind == "record":
            target: Any = column.field.related_model if column.field is not None else None
            return self._records.get(target, {}).get(value) or _("(not yours to see)")
        return text_of(column, value, self.names) or EMPTY

    def _wanted(self, stored: Iterable[tuple[str, Any]]) -> dict[type[Record], set[int]]:
        wanted: dict[type[Record], set[int]] = defaultdict(set)
        for name, text in stored:
            column = column_of(self.model, name)
            value = self.value(name, None if text is None else str(text))
            if column and column.kind == "record" and column.field is not None and isinstance(value, int):
                wanted[column.field.related_model].add(value)  # type: ignore[index]
        return wanted


def entries(entity: Entity, record: Record, changes: Sequence[Change], user: "User", names: Names) -> list[Entry]:
    """Lines of the history of one record, in the given order."""
    fields = catalogue(entity, user).fields
    unseen = [path for path, column in fields.items() if column.mask and column.mask.hides(record)]
    kept = [(name, side) for change in changes for name, pair in change.fields.items() for side in pair]
    stored = [(name, text) for name, text in kept if not name.startswith(NOTE)]
    values = Values(entity.model, user, names, stored, unseen)
    of_lines = [each for name, side in kept if name.startswith(NOTE) and side for each in side.items()]
    lines = Values(entity.lines.model, user, names, of_lines) if entity.lines else None
    return [_entry(entity, change, values, lines) for change in changes]


def verb(entity: Entity, name: str) -> str | Promise:
    """What a change was called when it was made."""
    action = entity.action(name)
    return action.label if action else VERBS.get(name, name)


def visible_names(user: "User", wanted: Mapping[type[Record], set[int]]) -> dict[type[Record], dict[int, str]]:
    """Names of records that the user may see; one query per type."""
    return {
        model: {record.pk: str(record) for record in model.objects.visible_to(user).filter(pk__in=ids).defer("search")}
        for model, ids in wanted.items()
    }


def column_of(model: type[Record], name: str) -> BoundColumn | None:
    """The field of this name as a column; None if the model has none."""
    # What is built in stays as it is; a custom field may get another label.
    return _column_of(model, name) if is_custom(name) else _built_in(model, name)


@cache
def _built_in(model: type[Record], name: str) -> BoundColumn | None:
    return _column_of(model, name)


def _column_of(model: type[Record], name: str) -> BoundColumn | None:
    try:
        return bind(model, name)
    except (FieldDoesNotExist, AttributeError):
        return None


def _entry(entity: Entity, change: Change, values: Values, lines: Values | None) -> Entry:
    return Entry(
        pk=change.pk,
        at=change.at,
        by=values.names.users.get(change.by_id or 0, ""),
        verb=verb(entity, change.action),
        reason=change.reason,
        fields=[
            *(_field(values, name, *pair) for name, pair in _of_record(change) if not values.hides(name)),
            *(_line(lines, *pair) for name, pair in change.fields.items() if name.startswith(NOTE) and lines),
        ],
    )


def _of_record(change: Change) -> list[tuple[str, list[Any]]]:
    return [(name, pair) for name, pair in change.fields.items() if not name.startswith(NOTE)]


def _line(values: Values, old: dict[str, Any] | None, new: dict[str, Any] | None) -> FieldChange:
    """A line that came, went or changed, in the place that it has or had."""
    label = _("Line %(number)s") % {"number": (new or old or {}).get("position", "")}
    return FieldChange(label, *(_said(values, side) for side in (old, new)))


def _said(values: Values, side: dict[str, Any] | None) -> str:
    if side is None:
        return EMPTY
    shown = {name: text for name, text in side.items() if name != "position" and not values.hides(name)}
    told = [(values.label(name), values.text(name, values.value(name, text))) for name, text in shown.items()]
    return _("; ").join(f"{label} {text}" for label, text in told if text != EMPTY) or EMPTY


def _field(values: Values, name: str, old: str | None, new: str | None) -> FieldChange:
    old_text, new_text = (values.text(name, values.value(name, text)) for text in (old, new))
    return FieldChange(values.label(name), old_text, new_text)
