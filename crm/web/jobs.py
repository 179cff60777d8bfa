"""The sign of life of the job workers, and the upkeep of what pages leave behind."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from django.utils.translation import gettext_lazy as _

from crm.flow import undo
from crm.jobs.handlers import Link, handler
from crm.jobs.models import Job
from crm.jobs.schedule import daily, every, periodic
from crm.kernel import registry
from crm.kernel.phrases import Phrase, phrase
from crm.notify import inbox
from crm.record import submissions
from crm.web import bulk_edit, hand_over

ALIVE = "web.worker-alive"


@periodic(ALIVE, every(timedelta(minutes=1)))
def alive(slot: datetime) -> None:
    """Does nothing: that its slot is up to date tells `/readyz` that clock, broker and worker work."""


def bulk_edit_summary(job: Job) -> Phrase | None:
    """How many records were changed, and how many were left as they were."""
    if not job.counters:
        return None
    counts = {name: job.counters.get(name, 0) for name in ("done", "refused")}
    return phrase(_("{done} changed, {refused} left as they were"), **counts)


def bulk_edit_links(job: Job) -> Sequence[Link]:
    """Which records were left, and why."""
    entity = registry.find(job.payload["entity"])
    if entity is None or not job.counters.get("refused"):
        return ()
    return [Link(_("What was left"), entity.url(f"bulk-edit/{job.pk}"))]


@handler(bulk_edit.KIND, summary=bulk_edit_summary, links=bulk_edit_links)
def bulk_edit_some(job: Job) -> bool:
    """Change a chunk."""
    return bulk_edit.step(job)


@periodic("web.prune-messages", daily(time(3)))
def prune_messages(slot: datetime) -> None:
    """Delete messages that nobody will look for any more."""
    inbox.prune(slot)


handler(hand_over.JOB)(hand_over.step)


@periodic("web.forget-commands", daily(time(3)))
def forget_commands(slot: datetime) -> None:
    """Forget what was done more than a week ago and cannot be undone any more."""
    undo.prune()


@periodic("web.forget-submissions", daily(time(3)))
def forget_submissions(slot: datetime) -> None:
    """Forget forms that were sent long ago; nobody sends them again."""
    submissions.forget_old()
