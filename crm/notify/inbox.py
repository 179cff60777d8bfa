"""Messages to users: send, count, mark as read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Case, QuerySet, When

from crm.kernel import dates
from crm.kernel.phrases import Phrase, said
from crm.notify.models import UNREAD, Message
from crm.org.models import User

if TYPE_CHECKING:
    from crm.record.models import Record

SHOWN = 99  # the badge counts up to here and then says 99+
KEPT = timedelta(days=366)


def send(
    users: Iterable[User],
    kind: str,
    title: Phrase,
    *,
    body: Phrase | None = None,
    about: "Record | None" = None,
    path: str = "",
    actions: Sequence[str] = (),
) -> None:
    """One message to each of these users who is active, however often named: two queries for any number.

    `about` is the record it concerns, else `path` the page that it leads to. The texts may say who did what and
    how many, but nothing of a record that a receiver could lose sight of: its name is added for those who may
    see it. `actions` are names of actions on `about` that are offered as buttons to those who may take them.
    Work on many records sends one message that counts them, never one for each.
    """
    receivers = User.objects.filter(pk__in={user.pk for user in users}, is_active=True)
    common: dict[str, Any] = {"kind": kind, "title": title, "body": body, "path": path, "actions": list(actions)}
    if about is not None:
        common |= {"entity": about.key(), "record_id": about.pk}
    Message.objects.bulk_create(
        [Message(user_id=pk, **common) for pk in receivers.values_list("pk", flat=True)], batch_size=1000
    )


@dataclass(frozen=True)
class Unread:
    """What the bell needs to know of a user's unread messages."""

    count: int  # exact up to SHOWN, one more stands for all beyond
    newest: int  # the newest one's id, 0 without any
    news: list[str]  # titles of those that came after the id asked for, oldest first


def unread(user: User, since: int | None = None) -> Unread:
    """Count a user's unread messages, with the titles of those newer than `since`: one query on a partial index."""
    news = Case(When(pk__gt=since, then="title")) if since is not None else None
    newest = unread_of(user).order_by("-pk").values_list("pk", *([news] if news else []))[: SHOWN + 1]
    rows = list(newest)
    titles = [said(row[1]) for row in reversed(rows) if news and row[1]]
    return Unread(len(rows), rows[0][0] if rows else 0, titles)


def unread_of(user: User) -> QuerySet[Message]:
    """The user's unread messages."""
    return Message.objects.filter(UNREAD, user=user)


def read_of(user: User) -> QuerySet[Message]:
    """The user's read messages."""
    return Message.objects.filter(~UNREAD, user=user)


def mark_read(user: User, *pks: int) -> datetime | None:
    """Mark these of the user's messages as read, all of them if none is named.

    Gives the instant that `mark_unread` takes to undo it; None if nothing was unread.
    """
    now = dates.now()
    chosen = unread_of(user).filter(pk__in=pks) if pks else unread_of(user)
    return now if chosen.update(read_at=now) else None


def settle(records: "Sequence[Record]") -> None:
    """Mark as read, for all receivers, the messages that asked for a decision on these records of one type."""
    if records:
        asked = Message.objects.filter(UNREAD, entity=records[0].key(), record_id__in=[record.pk for record in records])
        asked.exclude(actions=[]).update(read_at=dates.now())


def mark_unread(user: User, read_at: datetime) -> int:
    """Undo one `mark_read`; gives the number of messages that are unread again."""
    return read_of(user).filter(read_at=read_at).update(read_at=None)


def prune(now: datetime) -> None:
    """Delete messages older than a year, read or not."""
    Message.objects.filter(created_at__lt=now - KEPT).delete()
