"""The sign of life of the job workers, and the upkeep of what pages leave behind."""

from datetime import datetime, time, timedelta

from crm.flow import undo
from crm.jobs.schedule import daily, every, periodic
from crm.notify import inbox
from crm.record import submissions

ALIVE = "web.worker-alive"


@periodic(ALIVE, every(timedelta(minutes=1)))
def alive(slot: datetime) -> None:
    """Does nothing: that its slot is up to date tells `/readyz` that clock, broker and worker work."""


@periodic("web.prune-messages", daily(time(3)))
def prune_messages(slot: datetime) -> None:
    """Delete messages that nobody will look for any more."""
    inbox.prune(slot)


@periodic("web.forget-commands", daily(time(3)))
def forget_commands(slot: datetime) -> None:
    """Forget what was done more than a week ago and cannot be undone any more."""
    undo.prune()


@periodic("web.forget-submissions", daily(time(3)))
def forget_submissions(slot: datetime) -> None:
    """Forget forms that were sent long ago; nobody sends them again."""
    submissions.forget_old()
