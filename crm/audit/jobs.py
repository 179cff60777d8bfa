"""The upkeep of logs, sessions and the recycle bin."""

from datetime import datetime, time, timedelta

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from crm.audit import log, sessions
from crm.jobs import queue
from crm.jobs.handlers import handler
from crm.jobs.models import Job
from crm.jobs.schedule import daily, periodic
from crm.kernel import registry
from crm.kernel.dates import now
from crm.kernel.phrases import phrase
from crm.record.purge import purge

CHUNK = 200  # records that are purged in one transaction


@periodic("audit.prune", daily(time(3, 30)))
def prune(slot: datetime) -> None:
    """Delete what is older than it has to be kept, some at a time: what is left waits for the next night."""
    log.prune(slot)


@periodic("audit.tidy-sessions", daily(time(3, 40)))
def tidy_sessions(slot: datetime) -> None:
    """Forget sessions that are over."""
    sessions.tidy()


@periodic("audit.purge-recycle-bin", daily(time(4)))
def purge_recycle_bin(slot: datetime) -> None:
    """Start to purge what has been in the recycle bin for as many days as the settings say; 0 keeps everything."""
    if settings.RECYCLE_BIN_DAYS > 0:
        queue.start("purge", None, {}, title=phrase(_("Old records of the recycle bin")), key=f"purge:{slot.date()}")


@handler("purge")
def purge_some(job: Job) -> bool:
    """Purge some old records of one entity; those that others need wait for the next night."""
    before = now() - timedelta(days=settings.RECYCLE_BIN_DAYS)
    for entity in registry.entities():
        passed = job.cursor.get(entity.key, 0)
        old = entity.model.objects.deleted().filter(deleted_at__lt=before, pk__gt=passed)
        ids = list(old.order_by("pk").values_list("pk", flat=True)[:CHUNK]) if entity.canonical else []
        if ids:
            job.done += len(ids) - len(purge(entity.model, ids, None))
            job.cursor = {**job.cursor, entity.key: ids[-1]}
            return True
    return False
