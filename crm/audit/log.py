"""The door to the operation log: one line for one operation, however many records it touched."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.audit.models import Entry, SignIn
from crm.entity.hand_over import HandedOver
from crm.jobs.models import Job, State
from crm.jobs.queue import JobEnded
from crm.kernel import registry
from crm.kernel.dates import now
from crm.kernel.phrases import Phrase, Text, phrase
from crm.org.events import Deactivated, SettingsChanged
from crm.org.models import User
from crm.record.purge import Purged
from crm.record.write import Written

# Writes that are told of once, when the job that made them has ended.
TOLD_BY_JOBS = frozenset({"import"})
AT_ONCE = 10_000
NAMED = 200  # names in one line of the log

# What is logged besides the actions of the modules.
OPERATIONS: dict[str, Text] = {
    "export": _("Export"),
    "print": _("Print"),
    "denied": _("Denied"),
    "purge": _("Deleted for good"),
    "deactivate": _("Account closed"),
    "hand_over": _("Handed over"),
    "comment": _("Comment"),
    "import": _("Import"),
    "settings": pgettext_lazy("operation", "Settings changed"),
    "view_log": _("Log viewed"),
    "export_log": _("Log exported"),
}


def note(
    by: User | None,
    action: str,
    *,
    entity: str = "",
    ids: Sequence[int] = (),
    count: int | None = None,
    detail: Phrase | None = None,
) -> None:
    """Write one line; `ids` are of the records it was done on, `count` says how many where they are not named.

    The address is the one that the middleware found the user at; work in the background has none.
    """
    Entry.objects.create(
        at=now(),
        by=by,
        address=getattr(by, "address", ""),
        action=action,
        entity=entity,
        record_id=ids[0] if len(ids) == 1 else None,
        count=len(ids) if count is None else count,
        detail=detail,
    )


def written(event: Written) -> None:
    """Records were written."""
    if event.action not in TOLD_BY_JOBS:
        detail = phrase(_("Reason: {reason}"), reason=event.reason) if event.reason else None
        note(event.by, event.action, entity=event.model.key(), ids=event.ids, detail=detail)


def job_ended(event: JobEnded) -> None:
    """An import has ended: one line with its counts."""
    job: Job = event.job
    if job.kind == "import":
        counts = ", ".join(f"{name} {count}" for name, count in sorted(job.counters.items()) if count)
        detail = phrase(_("{title}: {state}, {counts}"), title=job.title, state=State(job.state).label, counts=counts)
        note(job.by, "import", entity=str(job.payload.get("entity", "")), count=job.done, detail=detail)


def purged(event: Purged) -> None:
    """Records were deleted for good: the names are all that is left of them, besides their history."""
    for start in range(0, len(event.ids), NAMED):
        names, ids = event.names[start : start + NAMED], event.ids[start : start + NAMED]
        detail = phrase(", ".join(f"{name} (#{pk})" for name, pk in zip(names, ids, strict=True)))
        note(event.by, "purge", entity=event.model.key(), ids=ids, detail=detail)


def handed_over(event: HandedOver) -> None:
    """All that somebody owned went to others: one line that says how much of what went to whom."""
    people = User.objects.in_bulk([receiver for receiver, _count in event.counts.values()])
    parts = [f"{registry.get(key).label} {n} → {people[receiver]}" for key, (receiver, n) in event.counts.items()]
    count = sum(n for _receiver, n in event.counts.values())
    detail = phrase(f"{event.leaver}: {'; '.join(parts)}")
    note(event.by, "hand_over", entity="org.user", ids=[event.leaver.pk], count=count, detail=detail)


def settings_changed(event: SettingsChanged) -> None:
    """People, rights or settings were changed."""
    meta: Any = event.changed._meta
    detail = phrase(_("{kind} “{name}”. {what}"), kind=meta.verbose_name, name=str(event.changed), what=event.what)
    note(event.by, "settings", entity=meta.label_lower, ids=[event.changed.pk], detail=detail)


def deactivated(event: Deactivated) -> None:
    """An account was closed."""
    detail = phrase(str(event.user))
    note(event.by, "deactivate", entity="org.user", ids=[event.user.pk], detail=detail)


def denied(by: User, what: str) -> None:
    """Somebody asked for what they have no right to; `what` is the request."""
    note(by, "denied", count=0, detail=phrase(what[:300]))


def prune(at: datetime) -> bool:
    """Delete some lines that are older than they have to be; whether there may be more."""
    old = at - timedelta(days=settings.LOG_DAYS)
    entries = Entry.objects.filter(pk__in=Entry.objects.filter(at__lt=old).values("pk")[:AT_ONCE])
    sign_ins = SignIn.objects.filter(pk__in=SignIn.objects.filter(at__lt=old).values("pk")[:AT_ONCE])
    return max(entries.delete()[0], sign_ins.delete()[0]) == AT_ONCE
