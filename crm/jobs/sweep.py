"""Picks up what was lost: messages that never arrived, and jobs whose worker died."""

from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now

from crm.jobs import handlers
from crm.jobs.models import Job, State
from crm.jobs.queue import wake
from crm.jobs.run import recover

LEASE = timedelta(minutes=2)  # how long a worker may give no sign of life; a chunk takes less
PERIOD = 30  # seconds between two sweeps
MOST_WOKEN = 10


def sweep() -> None:
    """Take jobs back from workers that are gone, and wake workers for all that waits."""
    recover(Q(heartbeat_at__lt=Now() - LEASE))
    waiting = Job.objects.filter(state=State.QUEUED, kind__in=handlers.kinds())
    # Workers run all they find, so a few suffice; what no worker takes until the next sweep is dropped.
    for _pk in waiting.values_list("pk")[:MOST_WOKEN]:
        if not wake(PERIOD):
            return
