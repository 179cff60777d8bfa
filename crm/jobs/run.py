"""How workers run jobs: claim one by a conditional update, do a slice of its chunks, take the next.

A lease belongs to one claim. Each chunk commits together with an update that holds only while
the lease does, so a worker that was taken for dead loses its last chunk instead of doubling it.
"""

import logging
import time
from uuid import uuid4

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from crm.jobs import handlers
from crm.jobs.models import Job, State
from crm.jobs.queue import end, wake
from crm.kernel.errors import Refused
from crm.kernel.phrases import phrase

log = logging.getLogger(__name__)

ATTEMPTS = 3  # workers lost on one and the same chunk before the job is given up
SLICE = 10.0  # seconds a job may run while others wait
STINT = 30.0  # seconds after which a worker's task ends and asks for another, far below its time limit
CANDIDATES = 20

PROGRAM_ERROR = _("An error in the program stopped it. The administrator finds it in the log under job {job}")


class LeaseLost(Exception):
    """Another worker has taken the job, so what was done since the last commit does not count."""


def work(name: str, *, again: bool = False) -> None:
    """Run whatever waits, a slice of each job in turn, until nothing is left or the stint is over.

    `name` is the delivery's own; `again` says that it was delivered before and its worker died on it.
    """
    if again:
        recover(Q(lease__startswith=f"{name}/"))
    over = time.monotonic() + STINT
    while job := claim(name):
        run(job)
        if time.monotonic() > over and wake():
            return


def claim(name: str) -> Job | None:
    """Take the job that has waited longest since it was last served; None if no job is free."""
    lease = f"{name}/{uuid4().hex}"
    oldest = Coalesce("heartbeat_at", "created_at").asc()
    for pk in Job.objects.filter(free()).order_by(oldest, "pk").values_list("pk", flat=True)[:CANDIDATES]:
        if take(pk, lease):
            return Job.objects.get(pk=pk)
    return None


def free() -> Q:
    """Jobs that may be taken: waiting, of a kind known here, and no other job of the same person runs."""
    same_person = Job.objects.filter(state=State.RUNNING, by=OuterRef("by"))
    return Q(~Exists(same_person), state=State.QUEUED, kind__in=handlers.kinds())


def take(pk: int, lease: str) -> bool:
    """Put the lease on a job if it is still free: of two workers that try, one succeeds."""
    return bool(
        Job.objects.filter(free(), pk=pk).update(
            state=State.RUNNING,
            lease=lease,
            heartbeat_at=Now(),
            attempts=F("attempts") + 1,
            started_at=Coalesce("started_at", Now()),
        )
    )


def run(job: Job) -> None:
    """Do chunks of a claimed job for one slice, then put it back if more is left."""
    over = time.monotonic() + SLICE
    try:
        while step(job):
            if time.monotonic() > over:
                put_back(job, attempts=0)
                return
    except LeaseLost:
        log.warning("job %s: lost its lease; its last chunk was undone", job.pk)
    except Refused as refusal:
        end(job, State.FAILED, phrase(refusal.text))
    except (OperationalError, InterfaceError):
        # A deadlock, a lock that took too long or a database that went away: worth another attempt.
        log.exception("job %s: the database broke off a chunk", job.pk)
        connection.close()
        recover(Q(pk=job.pk, lease=job.lease))
    except Exception:
        log.exception("job %s: a chunk failed", job.pk)
        end(job, State.FAILED, phrase(PROGRAM_ERROR, job=job.pk))


def step(claimed: Job) -> bool:
    """Do one chunk in one transaction with its bookkeeping; False when the job has ended."""
    job = stored(claimed)
    if job.cancel_asked:
        end(job, State.CANCELLED)
        return False
    if job.by and not job.by.is_active:
        end(job, State.CANCELLED, phrase(_("The account of {user} is no longer active"), user=job.by.real_name))
        return False
    with transaction.atomic(), override(job.by.language if job.by else settings.LANGUAGE_CODE):
        more = handlers.get(job.kind).step(job)
        keep(job)
        if not more:
            end(job, State.DONE)
    return more


def stored(claimed: Job) -> Job:
    """The job as it stands in the table, with the person who started it; `LeaseLost` if it is not ours any more."""
    job = Job.objects.select_related("by").filter(pk=claimed.pk, lease=claimed.lease).first()
    if job is None:
        raise LeaseLost
    return job


def keep(job: Job) -> None:
    """Write a chunk's progress and renew the lease; `LeaseLost` if it is not ours any more."""
    progress = {name: getattr(job, name) for name in Job.PROGRESS}
    if not Job.objects.filter(pk=job.pk, lease=job.lease).update(heartbeat_at=Now(), attempts=1, **progress):
        raise LeaseLost


def put_back(job: Job, attempts: int) -> bool:
    """Give up the lease, so that another worker may go on; False if it is not ours any more."""
    mine = Job.objects.filter(pk=job.pk, lease=job.lease)
    return bool(mine.update(state=State.QUEUED, lease="", attempts=attempts))


def recover(lost: Q) -> None:
    """Put back the running jobs whose worker is gone, or end them: if asked to, or after too many attempts."""
    running = Job.objects.filter(lost, state=State.RUNNING)
    for pk in running.values_list("pk", flat=True):
        try:
            with transaction.atomic():
                # Locked and looked at again, for the worker may have shown itself since; one that commits now lives.
                job = running.filter(pk=pk).select_for_update(skip_locked=True).first()
                if job:
                    put_back_or_end(job)
        except Exception:
            log.exception("job %s: could not be taken back; the next sweep tries again", pk)


def put_back_or_end(job: Job) -> None:
    """What becomes of a job whose worker is gone."""
    if job.cancel_asked:
        end(job, State.CANCELLED)
    elif job.attempts >= ATTEMPTS:
        end(job, State.FAILED, phrase(_("It was broken off {n} times at the same place"), n=job.attempts))
    else:
        put_back(job, attempts=job.attempts)
