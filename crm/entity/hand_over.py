"""Handing over (离职交接): all that somebody owns goes to colleagues, each record with a line in its owner history."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from crm.entity.declare import Entity
from crm.kernel import events, registry
from crm.kernel.errors import Denied, Refused
from crm.org.access import access_of
from crm.org.models import User
from crm.record import write

if TYPE_CHECKING:
    from crm.record.query import RecordQuerySet

AT_ONCE = 2_000  # records that are handed over while the user waits
CHUNK = 1_000  # records in memory at a time
PERM = "transfer"


@dataclass(frozen=True)
class HandedOver:
    """What somebody owned went to others; emitted inside the transaction."""

    leaver: User
    by: User
    # Entity key → (receiver's id, records).
    counts: Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Belonging:
    """The records of one entity that somebody owns."""

    entity: Entity
    count: int


def belongings(leaver: User, by: User) -> list[Belonging]:
    """What the user owns and `by` may hand over, entity by entity; Denied if that is nothing at all.

    What follows a parent (a customer's contacts) goes along with it and keeps its author.
    """
    entities = [entity for entity in registry.entities() if _can_be_handed_over(entity) and _may(entity, leaver, by)]
    if not entities:
        raise Denied(_("You may not hand over what this person owns."))
    return [Belonging(entity, owned(entity, leaver).count()) for entity in entities]


def may_hand_over(by: User) -> bool:
    """Whether the user may hand over anything of anybody else."""
    access = access_of(by)
    found = [access.scope(entity.model.key(), PERM) for entity in registry.entities() if _can_be_handed_over(entity)]
    return by.is_staff or any(scope is not None and access.owner_ids(scope) != (by.pk,) for scope in found)


def check(leaver: User, receivers: Mapping[str, User], by: User) -> None:
    """Refused where a receiver cannot take it, Denied for an entity that is not `by`'s to hand over."""
    allowed = {belonging.entity.key for belonging in belongings(leaver, by)}
    if not set(receivers) <= allowed:
        raise Denied(_("You may not hand over what this person owns."))
    if not receivers:
        raise Refused(_("Choose who receives something."))
    for receiver in receivers.values():
        if receiver.pk == leaver.pk:
            raise Refused(_("Choose a colleague as receiver."))
        if not receiver.is_active:
            raise Refused(_("The account of %(person)s is closed. Choose another receiver.") % {"person": receiver})


def hand_over(leaver: User, receivers: Mapping[str, User], by: User) -> dict[str, int]:
    """Give the leaver's records of each named entity to its receiver: all of it or, if anything fails, nothing.

    Doing it again finds nothing left to give. Returns entity key → number of records.
    """
    check(leaver, receivers, by)
    counts: dict[str, int] = {}
    with transaction.atomic():
        for key, receiver in receivers.items():
            counts[key] = _give(registry.get(key), leaver, receiver, by)
        told = {key: (receivers[key].pk, count) for key, count in counts.items() if count}
        if told:
            events.emit(HandedOver(leaver, by, told))
    return counts


def owned(entity: Entity, leaver: User) -> "RecordQuerySet[Any]":
    """The living records of the entity that the user owns."""
    return entity.model.objects.alive().filter(owner=leaver)


def _give(entity: Entity, leaver: User, receiver: User, by: User) -> int:
    reason = _("Handed over by %(person)s") % {"person": leaver}
    given = 0
    # In the order of ids, as every writer locks; each chunk leaves the set that the next one reads.
    while some := list(owned(entity, leaver).select_for_update(of=("self",)).order_by("pk")[:CHUNK]):
        for record in some:
            entity.give(record, receiver)
        write.update(some, by, action="hand_over", reason=reason, quiet=True)
        given += len(some)
    return given


def _can_be_handed_over(entity: Entity) -> bool:
    return entity.canonical and not entity.model.parent_field


def _may(entity: Entity, leaver: User, by: User) -> bool:
    if by.is_staff:
        return True
    access = access_of(by)
    scope = access.scope(entity.model.key(), PERM)
    within = access.owner_ids(scope) if scope else ()
    return leaver.pk != by.pk and (within is None or leaver.pk in within)
