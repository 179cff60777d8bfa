"""The upkeep of logs and sessions."""

from datetime import datetime, time

from crm.audit import log, sessions
from crm.jobs.schedule import daily, periodic


@periodic("audit.prune", daily(time(3, 30)))
def prune(slot: datetime) -> None:
    """Delete what is older than it has to be kept, some at a time: what is left waits for the next night."""
    log.prune(slot)


@periodic("audit.tidy-sessions", daily(time(3, 40)))
def tidy_sessions(slot: datetime) -> None:
    """Forget sessions that are over."""
    sessions.tidy()
