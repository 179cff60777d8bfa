"""The door to background work: start a job, cancel it.

The job table is the truth. A message through the broker only wakes a worker, so a lost, doubled or
late one changes nothing, and without a broker the page that started the job still answers.
"""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from crm.jobs.broker import app
from crm.jobs.models import ACTIVE, Job, State
from crm.kernel import events
from crm.kernel.phrases import Phrase

if TYPE_CHECKING:
    from crm.org.models import User

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class JobEnded:
    """A job is done, failed or cancelled; emitted inside the transaction that ends it."""

    job: Job


def start(
    kind: str,
    by: "User | None",
    payload: dict[str, Any],
    *,
    title: Phrase,
    key: str | None = None,
    total: int = 0,
) -> Job:
    """Queue a job and, once the transaction has committed, wake a worker.

    `by` is None for the product's own work. With a `key` that is already taken nothing new is started
    and the job that has it is returned.
    """
    fields = {"kind": kind, "by": by, "payload": payload, "title": title, "total": total}
    if key is None:
        job, new = Job.objects.create(**fields), True
    else:
        job, new = Job.objects.get_or_create(key=key, defaults=fields)
    if new:
        transaction.on_commit(wake, robust=True)
    return job


def cancel(pk: int, by: "User") -> bool:
    """Stop a job of this user: at once while it waits, after the current chunk while it runs.

    What it has done so far stays. False when it has ended already or is not theirs.
    """
    own = Job.objects.filter(pk=pk, by=by)
    with transaction.atomic():
        job = own.filter(state__in=ACTIVE).select_for_update().first()
        if job is None:
            return False
        if job.state == State.QUEUED:
            return end(job, State.CANCELLED)
        return bool(own.update(cancel_asked=True))


def end(job: Job, state: State, error: Phrase | None = None) -> bool:
    """End a job that still stands as `job` says, and tell the subscribers; False if it has moved on."""
    with transaction.atomic():
        same = Job.objects.filter(pk=job.pk, state=job.state, lease=job.lease, finished_at=None)
        if not same.update(state=state, lease="", error=error, finished_at=Now()):
            return False
        job.refresh_from_db()
        events.emit(JobEnded(job))
    return True


def wake(seconds: int | None = None) -> bool:
    """Send a worker a message to look at the table; dropped unread after `seconds`. False without a broker."""
    try:
        app.send_task("crm.jobs.work", retry=False, expires=seconds, ignore_result=True)
    except OperationalError:
        log.warning("no broker: jobs wait for the next sweep")
        return False
    return True
