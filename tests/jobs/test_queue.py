"""Starting and cancelling, without workers."""

import time

import pytest
import redis
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.translation import gettext_lazy, override

from crm import embedded
from crm.jobs import queue, run
from crm.jobs.broker import app
from crm.jobs.models import Job, State
from crm.kernel import events
from crm.kernel.phrases import phrase
from crm.org.models import User
from tests.jobs.kinds import count

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_workers_are_told_once_the_job_is_there(alice: User, valkey: embedded.Valkey) -> None:
    with transaction.atomic():
        queue.start("tests.count", alice, {}, title=phrase("Rows"))
        assert waiting_messages(valkey) == 0
    assert waiting_messages(valkey) == 1


@pytest.mark.django_db(transaction=True)
def test_a_job_that_is_rolled_back_wakes_nobody(alice: User, valkey: embedded.Valkey) -> None:
    with transaction.atomic():
        queue.start("tests.count", alice, {}, title=phrase("Rows"))
        transaction.set_rollback(True)
    assert waiting_messages(valkey) == Job.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_page_does_not_wait_for_a_broker_that_is_down(alice: User, valkey: embedded.Valkey) -> None:
    valkey.stop()
    before = time.monotonic()
    job = queue.start("tests.count", alice, {}, title=phrase("Rows"))
    assert time.monotonic() - before < 3
    assert (job.state, queue.wake()) == (State.QUEUED, False)


def waiting_messages(valkey: embedded.Valkey) -> int:
    waiting = redis.Redis.from_url(valkey.url).llen(app.conf.task_default_queue)
    assert isinstance(waiting, int)
    return waiting


def test_a_key_starts_one_job(alice: User, bob: User) -> None:
    first = queue.start("tests.count", alice, {"n": 1}, title=phrase("Rows"), key="one")
    again = queue.start("tests.count", bob, {"n": 2}, title=phrase("Other rows"), key="one")
    assert again.pk == first.pk
    assert Job.objects.get().payload == {"n": 1}


def test_jobs_without_a_key_are_different(alice: User) -> None:
    for _ in range(2):
        queue.start("tests.count", alice, {}, title=phrase("Rows"))
    assert Job.objects.count() == 2


def test_the_title_is_read_in_the_readers_language(alice: User) -> None:
    job = queue.start("tests.count", alice, {}, title=phrase(gettext_lazy("{what}"), what=gettext_lazy("Waiting")))
    job.refresh_from_db()
    assert str(job) == "Waiting"
    with override("zh-hans"):
        assert str(job) == "等待中"


def test_a_waiting_job_is_cancelled_at_once(alice: User) -> None:
    job = queue.start("tests.count", alice, {}, title=phrase("Rows"))
    assert queue.cancel(job.pk, alice)
    job.refresh_from_db()
    assert (job.state, job.active) == (State.CANCELLED, False)
    assert run.claim("a worker") is None


def test_a_running_job_is_cancelled_before_its_next_chunk(alice: User) -> None:
    job = queue.start("tests.count", alice, {"chunks": 5}, title=phrase("Rows"))
    claimed = run.claim("a worker")
    assert claimed
    run.step(claimed)
    assert queue.cancel(job.pk, alice)
    job.refresh_from_db()
    assert job.state == State.RUNNING
    assert not run.step(claimed)
    job.refresh_from_db()
    assert (job.state, job.done) == (State.CANCELLED, 1)


def test_nobody_cancels_somebody_elses_job(alice: User, bob: User) -> None:
    job = queue.start("tests.count", alice, {}, title=phrase("Rows"))
    assert not queue.cancel(job.pk, bob)
    job.refresh_from_db()
    assert job.state == State.QUEUED


def test_a_job_that_ended_is_not_cancelled(alice: User) -> None:
    job = queue.start("tests.count", alice, {"chunks": 1}, title=phrase("Rows"))
    run.work("a worker")
    assert not queue.cancel(job.pk, alice)
    job.refresh_from_db()
    assert job.state == State.DONE


def test_every_end_is_told_once(alice: User) -> None:
    told: list[tuple[int, str]] = []
    events.subscribe(queue.JobEnded, lambda event: told.append((event.job.pk, event.job.state)))
    done = queue.start("tests.count", alice, {"chunks": 1}, title=phrase("Rows"))
    run.work("a worker")
    cancelled = queue.start("tests.count", alice, {}, title=phrase("Rows"))
    queue.cancel(cancelled.pk, alice)
    assert not queue.end(cancelled, State.FAILED), "it has moved on since it was read"
    failed = queue.start("tests.refused", alice, {}, title=phrase("Rows"))
    run.work("a worker")
    assert told == [(done.pk, "done"), (cancelled.pk, "cancelled"), (failed.pk, "failed")]
    assert count(done) == 1


def test_starting_costs_one_query(alice: User) -> None:
    with CaptureQueriesContext(connection) as queries:
        queue.start("tests.count", alice, {}, title=phrase("Rows"))
    assert len(queries) == 1
