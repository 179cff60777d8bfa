"""Running, in the tests' own process: what happens when something goes wrong in a chunk."""

from collections.abc import Callable
from datetime import timedelta
from threading import Thread

import pytest
from django.db import OperationalError, connections
from django.db.models import F
from django.utils.translation import get_language

from crm.jobs import handlers, queue, run
from crm.jobs.models import Job, State
from crm.jobs.sweep import LEASE, sweep
from crm.kernel.phrases import phrase
from crm.org.models import User
from tests.jobs.kinds import count

pytestmark = pytest.mark.django_db


def start(by: User | None, kind: str = "tests.count", chunks: int = 3) -> Job:
    return queue.start(kind, by, {"chunks": chunks}, title=phrase("Rows"))


def taken(name: str = "a worker") -> Job:
    job = run.claim(name)
    assert job is not None
    return job


def silent_for(job: Job, time: timedelta) -> None:
    Job.objects.filter(pk=job.pk).update(heartbeat_at=F("heartbeat_at") - time)


def test_a_job_is_done_chunk_by_chunk(alice: User) -> None:
    job = start(alice)
    run.work("a worker")
    job.refresh_from_db()
    assert (job.state, job.done, job.total, job.percent, job.lease) == (State.DONE, 3, 3, 100, "")
    assert job.created_at <= job.started_at <= job.finished_at  # type: ignore[operator]


def test_a_refusal_ends_the_job_with_its_reason_and_undoes_the_chunk(alice: User) -> None:
    job = start(alice, "tests.refused")
    run.work("a worker")
    job.refresh_from_db()
    assert (job.state, job.reason, job.cursor) == (State.FAILED, "The file has gone", {})
    assert User.objects.filter(username="ghost").count() == 0


def test_an_error_in_the_program_ends_the_job_and_is_logged(alice: User, caplog: pytest.LogCaptureFixture) -> None:
    job = start(alice, "tests.broken")
    run.work("a worker")
    job.refresh_from_db()
    assert job.state == State.FAILED
    assert job.reason.endswith(f"in the log under job {job.pk}")
    assert "ZeroDivisionError" in caplog.text
    assert "ZeroDivisionError" not in job.reason


@pytest.mark.django_db(transaction=True)
def test_a_chunk_that_the_database_broke_off_is_tried_again(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    job = start(alice, chunks=4)
    break_off(monkeypatch, at={1, 4})
    run.work("a worker")
    job.refresh_from_db()
    assert (job.state, job.done) == (State.DONE, 4)


@pytest.mark.django_db(transaction=True)
def test_a_chunk_that_never_works_ends_the_job(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    job = start(alice, chunks=4)
    calls = break_off(monkeypatch, at=set(range(3, 100)))
    run.work("a worker")
    job.refresh_from_db()
    assert (job.state, job.done, len(calls)) == (State.FAILED, 2, 2 + run.ATTEMPTS)
    assert job.reason == "It was broken off 3 times at the same place"


def break_off(monkeypatch: pytest.MonkeyPatch, at: set[int]) -> list[int]:
    """Let the calls of the handler with these numbers fail as a deadlock does; gives the calls made."""
    calls: list[int] = []
    known = handlers.get("tests.count").step

    def step(job: Job) -> bool:
        calls.append(len(calls) + 1)
        if calls[-1] in at:
            raise OperationalError("deadlock detected")
        return known(job)

    monkeypatch.setitem(handlers._handlers, "tests.count", handlers.Handler("tests.count", step))
    return calls


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_lost_its_lease_keeps_nothing(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    job = start(alice)
    slow = taken()
    another_does_it_meanwhile(monkeypatch)
    with pytest.raises(run.LeaseLost):
        run.step(slow)
    assert done(job)
    assert count(job) == 3


@pytest.mark.django_db(transaction=True)
def test_without_the_check_of_the_lease_a_chunk_is_doubled(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    job = start(alice)
    slow = taken()
    another_does_it_meanwhile(monkeypatch)
    monkeypatch.setattr(run, "keep", lambda job: job.save(update_fields=job.PROGRESS))
    run.step(slow)
    assert count(job) == 4


def another_does_it_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the first chunk runs, its worker is taken for dead and another one does the whole job."""
    known = handlers.get("tests.count").step
    calls: list[int] = []

    def step(job: Job) -> bool:
        calls.append(job.pk)
        if len(calls) == 1:
            other = Thread(target=take_over, args=(job,))
            other.start()
            other.join()
        return known(job)

    monkeypatch.setitem(handlers._handlers, "tests.count", handlers.Handler("tests.count", step))


def take_over(job: Job) -> None:
    run.put_back(job, attempts=1)
    run.run(taken("the other"))
    connections.close_all()


def test_the_sweep_takes_a_job_from_a_silent_worker_only(alice: User) -> None:
    job = start(alice)
    taken()
    silent_for(job, LEASE - timedelta(seconds=5))
    sweep()
    assert run.claim("the other") is None
    silent_for(job, timedelta(seconds=6))
    sweep()
    assert taken("the other").attempts == 2


def test_a_chunk_is_a_sign_of_life(alice: User) -> None:
    job = start(alice)
    claimed = taken()
    silent_for(job, LEASE + timedelta(seconds=1))
    run.step(claimed)
    sweep()
    job.refresh_from_db()
    assert (job.state, job.lease) == (State.RUNNING, claimed.lease)


def test_the_third_lost_worker_ends_the_job(alice: User) -> None:
    job = start(alice)
    for _ in range(3):
        taken()
        silent_for(job, LEASE + timedelta(seconds=1))
        sweep()
    job.refresh_from_db()
    assert (job.state, job.reason) == (State.FAILED, "It was broken off 3 times at the same place")


def test_workers_lost_at_different_chunks_do_not_add_up(alice: User) -> None:
    job = start(alice, chunks=5)
    for _ in range(4):
        run.step(taken())
        silent_for(job, LEASE + timedelta(seconds=1))
        sweep()
    run.work("a worker")
    job.refresh_from_db()
    assert (job.state, count(job)) == (State.DONE, 5)


def test_a_lost_job_whose_user_wanted_it_cancelled_is_cancelled(alice: User) -> None:
    job = start(alice)
    taken()
    queue.cancel(job.pk, alice)
    silent_for(job, LEASE + timedelta(seconds=1))
    sweep()
    job.refresh_from_db()
    assert job.state == State.CANCELLED


def test_a_delivery_that_comes_again_after_its_worker_died_goes_on_at_once(alice: User) -> None:
    job = start(alice)
    run.step(taken("delivery 7"))
    run.work("delivery 7")
    assert not done(job), "the first worker may still be alive"
    run.work("delivery 7", again=True)
    assert done(job)
    assert count(job) == 3


def done(job: Job) -> bool:
    job.refresh_from_db()
    return job.state == State.DONE


def test_a_deactivated_user_has_nothing_done_any_more(alice: User) -> None:
    job = start(alice)
    claimed = taken()
    run.step(claimed)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert not run.step(claimed)
    job.refresh_from_db()
    assert (job.state, job.done) == (State.CANCELLED, 1)
    assert job.reason == "The account of 爱丽丝 is no longer active"


def test_jobs_take_turns(alice: User, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "SLICE", 0.0)
    seen: list[int] = []
    known = handlers.get("tests.count").step

    def step(job: Job) -> bool:
        seen.append(job.pk)
        return known(job)

    monkeypatch.setitem(handlers._handlers, "tests.count", handlers.Handler("tests.count", step))
    long, short = start(alice, chunks=6), start(bob, chunks=2)
    run.work("a worker")
    assert seen[:4] == [long.pk, short.pk, long.pk, short.pk]
    assert seen[4:] == [long.pk] * 4


def test_one_job_of_a_person_runs_at_a_time(alice: User, bob: User) -> None:
    for by in (alice, alice, bob, None, None):
        start(by)
    assert [taken(str(n)).by for n in range(4)] == [alice, bob, None, None]
    assert run.claim("a fifth") is None


def test_a_kind_that_this_version_does_not_know_waits_for_one_that_does(alice: User) -> None:
    job = start(alice, "next.year")
    run.work("a worker")
    sweep()
    job.refresh_from_db()
    assert job.state == State.QUEUED


def test_chunks_speak_the_language_of_whoever_started_the_job(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(language="en")
    theirs, ours = start(alice, "tests.language"), start(None, "tests.language")
    run.work("a worker")
    assert [Job.objects.get(pk=job.pk).cursor for job in (theirs, ours)] == [
        {"language": "en"},
        {"language": "zh-hans"},
    ]
    assert get_language() == "en"


def test_the_stint_ends_when_a_worker_can_be_woken_again(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "STINT", 0.0)
    jobs = [start(None, chunks=1) for _ in range(3)]
    monkeypatch.setattr(run, "wake", lambda: True)
    run.work("a worker")
    assert [done(job) for job in jobs] == [True, False, False]
    monkeypatch.setattr(run, "wake", lambda: False)
    run.work("a worker that cannot be replaced")
    assert all(done(job) for job in jobs)


def test_a_chunk_costs_four_queries_besides_its_own(
    alice: User, django_assert_num_queries: Callable[..., object]
) -> None:
    start(alice, chunks=5)
    claimed = taken()
    with django_assert_num_queries(4 + 1):  # the job, begin, progress, commit
        run.step(claimed)
