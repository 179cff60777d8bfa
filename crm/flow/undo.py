"""Taking back what one did: a command is kept on the server and can be reversed for a week.

Writing to records is reversed by writing the former values of the columns that it changed, and
only of those. It is refused for a record on which one of them has changed since, and where the
user could not do again what they take back. Other kinds name their own function:

    reversible("messages.read", unread_again)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import models, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from crm.flow.models import Command
from crm.kernel import registry
from crm.kernel.dates import now
from crm.kernel.errors import Denied, Refused
from crm.kernel.phrases import Phrase, Text, phrase
from crm.org.access import access_of
from crm.record import custom, write
from crm.record.models import Record

if TYPE_CHECKING:
    from crm.org.models import User

KEPT = timedelta(days=7)
RECORDS = "records"
# Kept by `write` itself and different after every write.
BOOKKEEPING = frozenset({"version", "updated_at", "updated_by_id", "search"})


class Unknown(Refused):
    """There is no such command of this user, or it is too old."""

    status = 404


@dataclass
class Undone:
    """What an undo did: how many it took back, and (record, sentence) for those that it had to leave."""

    count: int = 0
    refused: list[tuple[Record, str]] = field(default_factory=list)
    # Whether it had been undone before, so that this time nothing happened.
    before: bool = False


Reverse = Callable[[Command, "User"], Undone]

_reverses: dict[str, Reverse] = {}


def reversible(kind: str, reverse: Reverse) -> None:
    """Name the function that reverses commands of a kind; it runs in a transaction, once per command."""
    _reverses[kind] = reverse


def remember(
    records: Sequence[Record], by: "User", action: str, title: Text, perm: str = "change", part: str | None = None
) -> Command | None:
    """Keep what reverses the last write of these records of one type; None if it changed nothing.

    Call it in the transaction of the write. `perm` (and `part` of the scope) is the right that whoever takes
    it back needs on the records as they were.
    """
    rows = [[record.pk, stored] for record in records if (stored := former(record))]
    if not rows:
        return None
    return keep(
        by,
        RECORDS,
        title,
        {"action": action, "perm": perm, "part": part, "rows": rows},
        entity=records[0].key(),
        record_id=rows[0][0] if len(rows) == 1 else None,
        count=len(rows),
    )


def keep(by: "User", kind: str, title: Text, payload: dict[str, Any], **facts: Any) -> Command:
    """Keep a command of any kind."""
    kept: Phrase = phrase(title)
    return Command.objects.create(user=by, at=now(), kind=kind, title=kept, payload=payload, **facts)


def recent(user: "User") -> QuerySet[Command]:
    """What the user did and may still take back, or has taken back, newest first."""
    return Command.objects.filter(user=user, at__gt=now() - KEPT).defer("payload").order_by("-pk")


def undo(token: UUID, by: "User") -> Undone:
    """Take a command of this user back, once however often it is asked for.

    Raises `Unknown`, `Denied` without the right, and `Refused` if nothing of it can be taken back any more.
    """
    with transaction.atomic():
        mine = Command.objects.filter(token=token, user=by, at__gt=now() - KEPT)
        command = mine.select_for_update().first()
        if command is None:
            raise Unknown(_("This can no longer be undone."))
        if command.undone_at is not None:
            return Undone(before=True)
        undone = _reverses[command.kind](command, by)
        if undone.refused and not undone.count:
            raise Refused(_in_one(undone.refused))
        command.undone_at = now()
        command.save(update_fields=["undone_at"])
    return undone


def prune() -> None:
    """Forget commands that nobody may undo any more."""
    Command.objects.filter(at__lte=now() - KEPT).delete()


def _write_back(command: Command, by: "User") -> Undone:
    """Give records the values that they had before the command."""
    entity = registry.find(command.entity)
    if entity is None or not access_of(by).can(command.entity, command.payload["perm"]):
        raise Denied(_("You no longer have the right to undo this."))
    stored: dict[int, dict[str, list[Any]]] = dict(command.payload["rows"])
    model = entity.model
    # Locked in the order of ids, as every writer does; what stands in the recycle bin can come back.
    rows = model.objects.filter(pk__in=stored).select_for_update(of=("self",)).order_by("pk")
    found = {record.pk: record for record in rows}
    if len(stored) == 1 and not found:
        raise Refused(_("The record no longer exists."))
    undone, done = Undone(), []
    for pk, record in found.items():
        try:
            with transaction.atomic():
                _restore(record, stored[pk], command, by)
        except Refused as refused:
            undone.refused.append((record, str(refused)))
        else:
            done.append(record)
    write.announce(done, by, "undo", _what(command))
    undone.count = len(done)
    return undone


def _restore(record: Any, stored: dict[str, list[Any]], command: Command, by: "User") -> None:
    put_back(record, stored)
    write.update([record], by, action="undo", reason=_what(command), quiet=True)
    model, perm, part = type(record), command.payload["perm"], command.payload["part"]
    if not model.objects.visible_to(by, perm, part=part).filter(pk=record.pk).exists():
        raise Denied(_("You no longer have the right to undo this."))


def _what(command: Command) -> str:
    return _("Took back “%(action)s”") % {"action": command}


def put_back(record: Any, stored: dict[str, list[Any]]) -> None:
    """Put the former values that `former` kept back on a record, unwritten; Refused if they have changed since."""
    fields = {one.attname: one for one in record._meta.concrete_fields}
    if record.deleted_at is not None and "deleted_at" not in stored:
        raise Refused(_("It has been deleted since."))
    for name, (old, new) in stored.items():
        if name not in fields:
            raise Refused(_("It has been changed since, so this can no longer be undone."))
        if name == custom.COLUMN:
            record.custom = _merged(record.custom, old, new)
        elif getattr(record, name) != _value(fields[name], new):
            raise Refused(_("It has been changed since, so this can no longer be undone."))
        else:
            setattr(record, name, _value(fields[name], old))


def _merged(now_there: dict[str, Any], old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The custom fields with the former values of those that were changed; the others may have changed since."""
    touched = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    if any(now_there.get(key) != new.get(key) for key in touched):
        raise Refused(_("It has been changed since, so this can no longer be undone."))
    merged = {**now_there, **{key: old[key] for key in touched if key in old}}
    return {key: value for key, value in merged.items() if key not in touched or key in old}


def former(record: Record) -> dict[str, list[Any]]:
    """What reverses the last write of a record: attribute → its values before and after, as JSON keeps them."""
    fields = {one.attname: one for one in record._meta.concrete_fields}
    changed = record.last_written().items()
    return {name: [_text(fields[name], value) for value in pair] for name, pair in changed if name not in BOOKKEEPING}


def _text(one: "models.Field[Any, Any]", value: Any) -> Any:
    """A value as JSON keeps it."""
    if value is None:
        return None
    holder: Any = SimpleNamespace(**{one.attname: value})
    return one.value_to_string(holder)


def _value(one: Any, stored: Any) -> Any:
    return None if stored is None else (one.target_field if one.is_relation else one).to_python(stored)


def _in_one(refused: Sequence[tuple[Record, str]]) -> str:
    record, reason = refused[0]
    return reason if len(refused) == 1 else _("%(record)s: %(reason)s") % {"record": record, "reason": reason}


reversible(RECORDS, _write_back)
