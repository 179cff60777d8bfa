"""How a verb runs, whatever door it came through."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from crm.flow import undo
from crm.flow.action import Action, wrong_state
from crm.flow.models import Command
from crm.kernel import failpoints
from crm.kernel.errors import Denied, Refused
from crm.org.access import access_of
from crm.record import write
from crm.record.models import Record

if TYPE_CHECKING:
    from crm.org.models import User
    from crm.record.query import RecordQuerySet

MOST_AT_ONCE = 1000  # rows under lock in one transaction


class Missing(Refused):
    """Records that do not exist for this user."""

    status = 404


@dataclass
class Outcome:
    """What a run did: the records it changed, and (record, sentence) for those that refused."""

    done: list[Any] = field(default_factory=list)
    refused: list[tuple[Any, str]] = field(default_factory=list)
    # What takes it back, if the action can be undone.
    undo: Command | None = None


def run(
    action: Action, model: type[Record], ids: Collection[int], *, by: "User", data: dict[str, Any] | None = None
) -> Outcome:
    """Do `action` on the records of these ids, in one transaction and under their locks.

    Raises `Denied` without the right, `Missing` for ids that the user cannot see, `Refused` when a
    single record (or any, with bulk="all") refuses; then nothing has changed.
    """
    _check_right(action, model, by)
    if len(ids) > MOST_AT_ONCE:
        raise Refused(_("At most %(count)s records at once.") % {"count": MOST_AT_ONCE})
    with transaction.atomic():
        records = _lock(action, model, ids, by)
        outcome = Outcome()
        for record in records:
            _one(action, record, by, data or {}, outcome)
        if outcome.refused and (action.bulk != "each" or len(ids) == 1):
            raise Refused(_first_refusal(outcome, len(ids)))
        write.announce(outcome.done, by, action.name, _reason(data))
        if action.undo and outcome.done:
            outcome.undo = undo.remember(outcome.done, by, action.name, action.label, action.perm, action.part)
        if action.after and outcome.done:
            action.after(outcome.done, by, data or {})
        failpoints.fail_before_commit()
    return outcome


def check(action: Action, model: type[Record], pk: int, *, by: "User") -> None:
    """Raise what `run` would raise for this record now; changes nothing."""
    _check_right(action, model, by)
    record = _within(action, model, [pk], by).first()
    if record is None:
        raise _absence(action, model, {pk}, by)
    refusal = action.refusal(record, by)
    if refusal:
        raise Refused(refusal)


def _check_right(action: Action, model: type[Record], by: "User") -> None:
    if not access_of(by).can(model.key(), action.perm):
        raise Denied(_("Your role does not allow “%(action)s”.") % {"action": action.label})


def _lock(action: Action, model: type[Record], ids: Collection[int], by: "User") -> list[Any]:
    # Locked rows are read as they are now: what another transaction changed meanwhile is seen here.
    found = _within(action, model, ids, by).order_by("pk")
    records: list[Any] = list(found if failpoints.is_on("skip-locking") else found.select_for_update(of=("self",)))
    missing = set(ids) - {record.pk for record in records}
    if missing:
        raise _absence(action, model, missing, by)
    return records


def _within(action: Action, model: type[Record], ids: Collection[int], by: "User") -> "RecordQuerySet[Any]":
    return model.objects.visible_to(by, action.perm, part=action.part).filter(pk__in=ids)


def _absence(action: Action, model: type[Record], missing: set[int], by: "User") -> Refused:
    """Why records are out of the action's reach."""
    reason = action.explain(missing, by) if action.explain else None
    if reason:
        return Refused(reason)
    elsewhere = model.objects.visible_to(by, action.perm).filter(pk__in=missing).first()
    if elsewhere is not None:
        return Refused(wrong_state(elsewhere))
    if model.objects.visible_to(by).filter(pk__in=missing).count() == len(missing):
        return Denied(_("You may see this record, but not do “%(action)s” on it.") % {"action": action.label})
    return Missing(_("This record does not exist or is not yours to see."))


def _one(action: Action, record: Any, by: "User", data: dict[str, Any], outcome: Outcome) -> None:
    refusal = action.refusal(record, by)
    if refusal:
        outcome.refused.append((record, refusal))
        return
    failpoints.pause_after_check()
    try:
        with transaction.atomic():
            action.body(record, by=by, **data)
            if action.to is not None:
                setattr(record, record.state_field, action.to)
            write.update([record], by, action=action.name, reason=_reason(data), quiet=True)
    except Refused as error:
        outcome.refused.append((record, str(error)))
    else:
        outcome.done.append(record)


def _reason(data: dict[str, Any] | None) -> str:
    return str((data or {}).get("reason", ""))


def _first_refusal(outcome: Outcome, asked: int) -> str:
    record, reason = outcome.refused[0]
    return reason if asked == 1 else _("%(record)s: %(reason)s") % {"record": record, "reason": reason}
