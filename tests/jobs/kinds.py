"""Kinds of job for the tests, in the tests' process and in their workers alike."""

import os
import signal
import time
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import connection
from django.utils.translation import get_language, gettext_lazy

from crm.jobs.handlers import Link, handler
from crm.jobs.models import Clock, Job
from crm.jobs.schedule import every, periodic
from crm.kernel.errors import Refused
from crm.kernel.phrases import Phrase, phrase
from crm.org.models import User

EFFECTS = "CREATE TABLE IF NOT EXISTS effect (what text, n bigint, pid bigint)"


def effect(what: str, n: int) -> None:
    """Leave a row behind; no constraint keeps a second one away, so doing it twice shows."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO effect VALUES (%s, %s, %s)", [what, n, os.getpid()])


def effects(what: str) -> list[tuple[int, int]]:
    """(n, pid) of the rows that were left behind."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT n, pid FROM effect WHERE what = %s ORDER BY n", [what])
        return list(cursor.fetchall())


def counts(job: Job) -> Phrase:
    return phrase(gettext_lazy("{rows} rows"), rows=job.counters.get("rows", 0))


def files(job: Job) -> list[Link]:
    return [Link("Rows", f"/files/{job.pk}/")] if job.finished_at else []


@handler("tests.rows", summary=counts, links=files)
def write_rows(job: Job) -> bool:
    """A chunk of three rows; payload: chunks, and the seconds that each takes."""
    at = job.cursor.get("row", 0)
    for n in range(at, at + 3):
        effect(f"job {job.pk}", n)
    time.sleep(job.payload.get("seconds", 0))
    job.total = 3 * job.payload["chunks"]
    job.done = at + 3
    job.counters = {"rows": job.done}
    job.cursor = {"row": job.done}
    return job.done < job.total


@handler("tests.deadly")
def kill_the_worker(job: Job) -> bool:
    """A chunk that takes its worker down with it, as one that eats all memory does."""
    assert os.environ.get("IS_WORKER")
    effect(f"job {job.pk}", 0)
    os.kill(os.getpid(), signal.SIGKILL)
    return False


@handler("tests.count")
def leave_a_clock(job: Job) -> bool:
    """A chunk that leaves one row in a table that is always there."""
    Clock.objects.create(name=f"{job.pk}/{uuid4()}", slot=job.created_at)
    job.total, job.done = job.payload["chunks"], job.done + 1
    return job.done < job.total


def count(job: Job) -> int:
    """The chunks of a `tests.count` job that have been done."""
    return Clock.objects.filter(name__startswith=f"{job.pk}/").count()


@handler("tests.refused")
def refuse(job: Job) -> bool:
    User.objects.create_user("ghost", "幽灵")
    job.cursor = {"at": 1}
    raise Refused(gettext_lazy("The file has gone"))


@handler("tests.broken")
def divide(job: Job) -> bool:
    return bool(1 / 0)


@handler("tests.language")
def note_the_language(job: Job) -> bool:
    job.cursor = {"language": get_language()}
    return False


@periodic("tests.second", every(timedelta(seconds=1)))
def note_the_second(slot: datetime) -> None:
    effect("second", int(slot.timestamp()))
