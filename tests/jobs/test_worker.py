"""Real workers, killed, doubled and cut off."""

import os
import signal
import time
from collections.abc import Callable
from itertools import pairwise

import pytest
import redis
from django.db import transaction
from django.db.models import F

from crm import embedded
from crm.jobs import queue, run
from crm.jobs.broker import app
from crm.jobs.models import Clock, Job, State
from crm.jobs.sweep import LEASE, sweep
from crm.kernel.phrases import phrase
from crm.org.models import User
from tests.jobs.conftest import Celery, eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
Effects = Callable[[str], list[tuple[int, int]]]


def rows_job(by: User | None, chunks: int = 10, seconds: float = 0.0, kind: str = "tests.rows") -> Job:
    return queue.start(kind, by, {"chunks": chunks, "seconds": seconds}, title=phrase("Rows"))


def ended(job: Job) -> bool:
    job.refresh_from_db()
    return not job.active


def assert_each_row_once(job: Job, written: list[tuple[int, int]]) -> None:
    assert job.state == State.DONE, job.reason
    assert [n for n, _pid in written] == list(range(3 * job.payload["chunks"]))
    assert (job.done, job.total, job.counters) == (len(written), len(written), {"rows": len(written)})


def test_a_killed_child_loses_and_doubles_nothing(alice: User, worker: Celery, effects: Effects) -> None:
    job = rows_job(alice, chunks=30, seconds=0.05)
    pid = eventually(lambda: len(effects(f"job {job.pk}")) >= 9 and effects(f"job {job.pk}")[-1][1])
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: ended(job))
    written = effects(f"job {job.pk}")
    assert_each_row_once(job, written)
    assert len({pid for _n, pid in written}) == 2, "the child was not killed in the middle"


def test_a_job_that_kills_its_workers_ends_after_the_third(alice: User, worker: Celery, effects: Effects) -> None:
    job = rows_job(alice, kind="tests.deadly")
    eventually(lambda: ended(job))
    assert (job.state, job.attempts) == (State.FAILED, 3)
    assert job.reason == "It was broken off 3 times at the same place"
    assert effects(f"job {job.pk}") == []


def test_a_worker_takes_over_from_a_dead_machine(alice: User, worker: Celery, effects: Effects) -> None:
    with transaction.atomic():  # no worker is told of it
        job = Job.objects.create(kind="tests.rows", by=alice, payload={"chunks": 10}, title=phrase("Rows"))
        dead = run.claim("a machine that dies")
    assert dead
    for _ in range(3):
        run.step(dead)
    sweep()
    assert not ended(job), "nobody can know yet that the machine is dead"
    Job.objects.update(heartbeat_at=F("heartbeat_at") - LEASE)
    sweep()
    eventually(lambda: ended(job))
    assert_each_row_once(job, effects(f"job {job.pk}"))
    with pytest.raises(run.LeaseLost):
        run.step(dead)


def test_jobs_started_without_a_broker_run_when_it_is_back(
    alice: User, valkey: embedded.Valkey, worker: Celery, effects: Effects
) -> None:
    rows_job(alice)
    eventually(lambda: all(ended(job) for job in Job.objects.all()))
    valkey.stop()
    before = time.monotonic()
    job = rows_job(alice)
    assert time.monotonic() - before < 3
    assert job.state == State.QUEUED
    valkey.start()
    eventually(lambda: ended(job))
    assert_each_row_once(job, effects(f"job {job.pk}"))


def test_an_emptied_broker_loses_no_job(
    alice: User, bob: User, valkey: embedded.Valkey, worker: Celery, effects: Effects
) -> None:
    with transaction.atomic():
        jobs = [rows_job(by) for by in (alice, bob, None) for _ in range(3)]
        transaction.on_commit(redis.Redis.from_url(valkey.url).flushall)
    sweep()
    eventually(lambda: all(ended(job) for job in jobs))
    for job in jobs:
        assert_each_row_once(job, effects(f"job {job.pk}"))


def test_messages_that_come_more_than_once_or_late_do_nothing(alice: User, worker: Celery, effects: Effects) -> None:
    job = rows_job(alice, chunks=10, seconds=0.05)
    for _ in range(6):
        app.send_task("crm.jobs.work", task_id="the same")
    eventually(lambda: ended(job))
    for _ in range(3):
        app.send_task("crm.jobs.work", task_id="the same")
    last = rows_job(alice, chunks=1)
    eventually(lambda: ended(last))
    assert_each_row_once(job, effects(f"job {job.pk}"))


def test_two_beats_do_each_slot_once(worker: Celery, two_beats: None, effects: Effects) -> None:
    eventually(lambda: len(effects("second")) >= 3)
    seconds = [n for n, _pid in effects("second")]
    assert all(later > earlier for earlier, later in pairwise(seconds))
    assert Clock.objects.get(name="tests.second").slot.timestamp() >= seconds[-1]


def test_a_user_who_is_deactivated_has_their_job_ended(alice: User, worker: Celery, effects: Effects) -> None:
    job = rows_job(alice, chunks=100, seconds=0.05)
    eventually(lambda: effects(f"job {job.pk}"))
    User.objects.filter(pk=alice.pk).update(is_active=False)
    eventually(lambda: ended(job))
    assert job.state == State.CANCELLED
    assert job.reason == "The account of 爱丽丝 is no longer active"
    assert len(effects(f"job {job.pk}")) == job.done < 300


def test_cancelling_stops_after_the_chunk(alice: User, worker: Celery, effects: Effects) -> None:
    job = rows_job(alice, chunks=100, seconds=0.05)
    eventually(lambda: effects(f"job {job.pk}"))
    assert queue.cancel(job.pk, alice)
    eventually(lambda: ended(job))
    assert job.state == State.CANCELLED
    assert len(effects(f"job {job.pk}")) == job.done < 300
