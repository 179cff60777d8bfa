"""The sign of life of the job workers."""

from datetime import datetime, timedelta

from crm.jobs.schedule import every, periodic

ALIVE = "web.worker-alive"


@periodic(ALIVE, every(timedelta(minutes=1)))
def alive(slot: datetime) -> None:
    """Does nothing: that its slot is up to date tells `/readyz` that clock, broker and worker work."""
