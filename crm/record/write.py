"""The one door through which records are written.

Each function takes many records of one type and works set-based: numbers, search text,
change history, owner history and version are kept here, in one transaction, so forms, actions,
imports and jobs cannot forget one of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction

from crm.kernel import events
from crm.kernel.dates import now
from crm.record import custom, numbers
from crm.record.models import Change, OwnerChange, Record
from crm.record.rows import BATCH, insert_rows, insert_values

if TYPE_CHECKING:
    from crm.org.models import User

R = TypeVar("R", bound=Record)
NOTHING: Mapping[int, Mapping[str, list[Any]]] = {}


@dataclass(frozen=True)
class Written:
    """One operation wrote these records; emitted inside its transaction, once however many they are."""

    model: type[Record]
    ids: Sequence[int]
    action: str
    by: "User | None"
    reason: str = ""


def announce(records: Sequence[Record], by: "User | None", action: str, reason: str = "") -> None:
    """Emit `Written` for what one operation did in several writes that were told to be quiet."""
    if records:
        events.emit(Written(type(records[0]), [record.pk for record in records], action, by, reason))


def insert(records: Sequence[R], by: "User | None", *, action: str = "create", reason: str = "") -> Sequence[R]:
    """Write new records, all or none, and give them back with ids and numbers."""
    if not records:
        return records
    model = type(records[0])
    with transaction.atomic():
        at = now()
        for record, number in zip(records, numbers.take(model, len(records)), strict=True):
            record.number = number
            record.created_at = record.updated_at = at
            record.created_by = record.updated_by = by
            _fill_department(record)
        model.before_write(records, by)
        custom.before_write(records, by)
        insert_rows(records, ready=_compose_search)
        _log(records, at, by, action, reason, {})
        _log_owners([(record, None, record.owner_id) for record in records if record.owner_id], at, by, action, reason)
        model.after_write(records, by)
        announce(records, by, action, reason)
    for record in records:
        record.mark_saved()
    return records


def update(
    records: Sequence[R],
    by: "User | None",
    *,
    action: str = "change",
    reason: str = "",
    quiet: bool = False,
    noted: Mapping[int, Mapping[str, list[Any]]] = NOTHING,
) -> Sequence[R]:
    """Write what differs from what was loaded; records on which nothing changed are left alone.

    Give rows that were loaded whole, and locked if what they hold decided anything. With `quiet` the caller
    announces what it did, once for all its writes. `noted` is what else belongs into the history of a record
    (by its id), such as what changed on its lines: it has changed then.
    """
    with transaction.atomic():
        for record in records:
            if "owner_id" in record.changed_fields():
                _fill_department(record)
        if records:
            type(records[0]).before_write(records, by)
            custom.before_write(records, by)
        differences = {record.pk: record.changed_fields() for record in records}
        dirty = [record for record in records if differences[record.pk] or noted.get(record.pk)]
        if not dirty:
            return records
        at = now()
        for record in dirty:
            record.updated_at, record.updated_by = at, by
            record.version += 1
            record.search = record.compose_search()
        _save(dirty, {name for record in dirty for name in record.changed_fields()})
        _log(dirty, at, by, action, reason, differences, noted)
        moved = [
            (record, *differences[record.pk]["owner_id"]) for record in dirty if "owner_id" in differences[record.pk]
        ]
        _log_owners(moved, at, by, action, reason)
        type(dirty[0]).after_write(dirty, by)
        if not quiet:
            announce(dirty, by, action, reason)
    for record in dirty:
        record.mark_saved()
    return records


def delete(records: Sequence[R], by: "User") -> None:
    """Put records into the recycle bin: they are hidden everywhere until an administrator restores them."""
    for record in records:
        record.deleted_at, record.deleted_by = now(), by
    update(records, by, action="delete")


def restore(records: Sequence[R], by: "User") -> None:
    """Take records out of the recycle bin."""
    for record in records:
        record.deleted_at = record.deleted_by = None
    update(records, by, action="restore")


def _fill_department(record: Record) -> None:
    if record.owner is not None:
        record.department_id = record.owner.department_id


def _compose_search(record: Record) -> None:
    record.search = record.compose_search()


def _save(records: Sequence[R], attnames: Iterable[str]) -> None:
    model = type(records[0])
    fields = [field for field in model._meta.concrete_fields if field.attname in set(attnames)]
    if len(records) == 1:
        values = {field.attname: getattr(records[0], field.attname) for field in fields}
        model._base_manager.filter(pk=records[0].pk).update(**values)
        return
    # An upsert by primary key: ten times bulk_update, whose CASE grows with rows × columns.
    model._base_manager.bulk_create(
        records,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=[field.name for field in fields],
    )


def _log(
    records: Sequence[Record],
    at: Any,
    by: "User | None",
    action: str,
    reason: str,
    differences: dict[Any, dict[str, tuple[Any, Any]]],
    noted: Mapping[int, Mapping[str, list[Any]]] = NOTHING,
) -> None:
    model = type(records[0])
    content_type = ContentType.objects.get_for_model(model)
    common = {"content_type_id": content_type.pk, "at": at, "by_id": by.pk if by else None, "action": action}
    insert_values(
        Change,
        common | {"reason": reason},
        ("object_id", "fields"),
        [
            (record.pk, {**_readable(model, differences.get(record.pk, {})), **noted.get(record.pk, {})})
            for record in records
        ],
    )


def readable(record: Record) -> dict[str, list[Any]]:
    """What differs from what was loaded, as the history keeps it: field → [text before, text now]."""
    return _readable(type(record), record.changed_fields())


def facts(record: Record, names: Iterable[str]) -> dict[str, str | None]:
    """What fields of a record hold, as the history keeps it."""
    fields = [record._meta.get_field(name) for name in names]
    return {field.name: _as_text(field, getattr(record, field.attname)) for field in fields}  # type: ignore[arg-type, union-attr]


def _readable(model: type[Record], difference: dict[str, tuple[Any, Any]]) -> dict[str, list[Any]]:
    if not difference:
        return {}
    fields = {field.attname: field for field in model._meta.concrete_fields if field.name not in model.system_fields}
    own = custom.differences(*difference.get(custom.COLUMN, ({}, {})))
    return {
        **{
            fields[name].name: [_as_text(fields[name], value) for value in pair]
            for name, pair in difference.items()
            if name in fields
        },
        **{name: [custom.as_text(value) for value in pair] for name, pair in own.items()},
    }


def _as_text(field: "models.Field[Any, Any]", value: Any) -> str | None:
    """A value as JSON keeps it; a reference by its id."""
    if value is None:
        return None
    holder: Any = SimpleNamespace(**{field.attname: value})
    return field.value_to_string(holder)


def _log_owners(
    moves: Sequence[tuple[Record, int | None, int | None]], at: Any, by: "User | None", action: str, reason: str
) -> None:
    if not moves:
        return
    content_type = ContentType.objects.get_for_model(type(moves[0][0]))
    common = {"content_type_id": content_type.pk, "at": at, "by_id": by.pk if by else None, "action": action}
    insert_values(
        OwnerChange,
        common | {"reason": reason},
        ("object_id", "from_owner_id", "to_owner_id"),
        [(record.pk, old, new) for record, old, new in moves],
    )
