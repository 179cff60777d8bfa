"""The tabs that tell what happened to a record: changes of fields, changes of owner."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from crm.entity.declare import Entity
from crm.entity.history import Entry, entries, verb
from crm.org.models import User
from crm.record.history import changes_of, owner_changes_of
from crm.record.models import Change, OwnerChange
from crm.record.names import names

SHOWN = 50


class ChangesTab:
    """The change history, newest first, some lines at a time: those older than the line `before`."""

    name, template = "changes", "record/tab_changes.html"

    def __init__(self, entity: Entity, record: Any, user: User, before: int | None = None) -> None:
        self.entity, self.record, self.user, self.before = entity, record, user, before

    @property
    def label(self) -> str | Promise:
        """The tab's name."""
        return _("Change history")

    @property
    def rows(self) -> QuerySet[Change]:
        """All lines."""
        return changes_of(self.record)

    @cached_property
    def entries(self) -> list[Entry]:
        """The shown lines in words."""
        known = names(getattr(self.user, "org_stamp", None))
        return entries(self.entity, self.record, self._found[:SHOWN], self.user, known)

    @property
    def older(self) -> int | None:
        """What `before` is for the next lines; None if these are the oldest."""
        return self._found[SHOWN - 1].pk if len(self._found) > SHOWN else None

    @cached_property
    def _found(self) -> Sequence[Change]:
        return _page(self.rows, self.before)


@dataclass(frozen=True)
class Holder:
    """One line of the owner history."""

    at: datetime
    old: str
    new: str
    by: str
    verb: str | Promise
    reason: str


class OwnersTab:
    """Who held the record, newest first."""

    name, template = "owners", "record/tab_owners.html"

    def __init__(self, entity: Entity, record: Any, user: User, before: int | None = None) -> None:
        self.entity, self.record, self.user, self.before = entity, record, user, before

    @property
    def label(self) -> str | Promise:
        """The tab's name."""
        return _("Owner history")

    @property
    def rows(self) -> QuerySet[OwnerChange]:
        """All lines."""
        return owner_changes_of(self.record)

    @cached_property
    def holders(self) -> list[Holder]:
        """The shown lines in words."""
        known = names(getattr(self.user, "org_stamp", None)).users
        return [
            Holder(
                at=change.at,
                old=known.get(change.from_owner_id or 0, ""),
                new=known.get(change.to_owner_id or 0, ""),
                by=known.get(change.by_id or 0, ""),
                verb=verb(self.entity, change.action),
                reason=change.reason,
            )
            for change in self._found[:SHOWN]
        ]

    @property
    def older(self) -> int | None:
        """What `before` is for the next lines; None if these are the oldest."""
        return self._found[SHOWN - 1].pk if len(self._found) > SHOWN else None

    @cached_property
    def _found(self) -> Sequence[OwnerChange]:
        return _page(self.rows, self.before)


def _page(rows: QuerySet[Any], before: int | None) -> list[Any]:
    return list((rows.filter(pk__lt=before) if before else rows)[: SHOWN + 1])
