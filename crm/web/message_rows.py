"""Messages as their reader may see them: with the record's name and the actions that are still possible.

All records of a page are looked up together, so twenty messages cost as many queries as two.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from crm.entity.declare import Entity
from crm.flow.action import Action
from crm.kernel import registry
from crm.notify.models import Message
from crm.org.models import User

ICONS = {"job": "file-import", "assign": "user-plus", "approval": "checkbox", "reminder": "alarm", "mention": "at"}


@dataclass(frozen=True)
class Button:
    """An action on the message's record; one that asks for something opens the dialog at `url`."""

    action: Action
    asks: bool
    url: str


@dataclass
class MessageRow:
    """A message with what only its reader's rights can tell."""

    message: Message
    icon: str
    record: str = ""  # the record's name, if the reader may see it
    gone: bool = False  # it is about a record that the reader cannot see (any more)
    buttons: list[Button] = field(default_factory=list)


def message_rows(messages: Sequence[Message], user: User) -> list[MessageRow]:
    """The rows of these messages of a user, in the same order."""
    icon = "bell"
    rows = [MessageRow(message, ICONS.get(message.kind, icon)) for message in messages]
    for entity, theirs in _by_entity(rows):
        records = entity.queryset(user).in_bulk({row.message.record_id for row in theirs})
        for row in theirs:
            record = records.get(row.message.record_id)
            row.record, row.gone = str(record or ""), record is None
        _offer(entity, theirs, records, user)
    return rows


def _by_entity(rows: Sequence[MessageRow]) -> Iterator[tuple[Entity, list[MessageRow]]]:
    groups: dict[str, list[MessageRow]] = defaultdict(list)
    for row in rows:
        if row.message.entity:
            groups[row.message.entity].append(row)
    for key, theirs in groups.items():
        entity = registry.find(key)
        if entity is not None:
            yield entity, theirs


def _offer(entity: Entity, rows: Sequence[MessageRow], records: dict[int, Any], user: User) -> None:
    """Add the buttons of unread messages: the actions within the reader's rights that their records do not refuse."""
    open_rows = [row for row in rows if row.message.read_at is None and not row.gone]
    for name in sorted({name for row in open_rows for name in row.message.actions}):
        action = entity.action(name)
        asked = {row.message.record_id for row in open_rows if name in row.message.actions}
        if action is None:
            continue
        within = entity.model.objects.visible_to(user, action.perm, part=action.part).filter(pk__in=asked)
        allowed = set(within.values_list("pk", flat=True))
        for row in open_rows:
            pk = row.message.record_id or 0
            if name in row.message.actions and pk in allowed and action.refusal(records[pk], user) is None:
                asks = bool(action.form or action.danger)
                row.buttons.append(Button(action, asks, entity.url(f"do/{name}", pk)))
