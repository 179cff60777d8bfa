"""Several workers and beats at the same instant, each with a control that shows the race."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier, Thread
from typing import Any, TypeVar

import pytest
from django.db import connection, connections
from django.db.models import Q

from crm.jobs import queue, run, schedule
from crm.jobs.models import Clock, Job, State
from crm.kernel import dates
from crm.kernel.phrases import phrase
from crm.org.models import User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
T = TypeVar("T")
WORKERS = 6
ROUNDS = 10


def at_once(act: Callable[[int], T], threads: int = WORKERS) -> list[T]:
    """What each of several threads gets that call `act` with their number at the same instant."""
    barrier, results = Barrier(threads), [None] * threads

    def one(n: int) -> None:
        connection.ensure_connection()
        barrier.wait()
        try:
            results[n] = act(n)  # type: ignore[call-overload]
        finally:
            connections.close_all()

    started = [Thread(target=one, args=(n,)) for n in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    return results  # type: ignore[return-value]


def new_job(by: User | None = None) -> Job:
    return Job.objects.create(kind="tests.count", by=by, payload={"chunks": 1}, title=phrase("Rows"))


def test_one_worker_gets_a_job() -> None:
    for _ in range(ROUNDS):
        job = new_job()
        assert sum(at_once(partial(take, job.pk))) == 1
        job.refresh_from_db()
        assert job.attempts == 1


def take(pk: int, n: int) -> bool:
    return run.take(pk, f"worker {n}")


def test_without_the_condition_several_workers_get_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "free", Q)
    job = new_job()
    assert sum(at_once(partial(take, job.pk))) > 1


def test_workers_share_the_jobs() -> None:
    jobs = {new_job().pk for _ in range(WORKERS)}
    claimed = at_once(lambda n: run.claim(f"worker {n}"))
    assert {job.pk for job in claimed if job} == jobs


def test_one_end_wins() -> None:
    for _ in range(ROUNDS):
        job = new_job()
        assert sum(at_once(partial(end, job.pk))) == 1


def end(pk: int, n: int) -> bool:
    return queue.end(Job(pk=pk), State.CANCELLED)


@pytest.fixture
def runs() -> Iterator[list[datetime]]:
    """The slots for which a piece of periodic work ran; it is due once."""
    ran: list[datetime] = []
    schedule.periodic("tests.race", schedule.every(timedelta(hours=1)))(ran.append)
    Clock.objects.create(name="tests.race", slot=dates.now() - timedelta(hours=2))
    yield ran
    del schedule._periodic["tests.race"]


def test_of_several_beats_one_does_a_slot(runs: list[datetime]) -> None:
    at_once(lambda n: schedule.run_due())
    assert len(runs) == 1


def test_without_the_condition_several_beats_do_a_slot(runs: list[datetime], monkeypatch: pytest.MonkeyPatch) -> None:
    def unguarded(each: schedule.Periodic, slot: datetime) -> bool:
        Clock.objects.filter(name=each.name).update(slot=slot)
        each.run(slot)
        return True

    monkeypatch.setattr(schedule, "_run", unguarded)
    barrier = Barrier(2)
    known: Any = Clock.objects.values_list

    def read_together(*fields: str) -> Any:
        rows = list(known(*fields))
        barrier.wait()
        return rows

    monkeypatch.setattr(Clock.objects, "values_list", read_together)
    at_once(lambda n: schedule.run_due(), threads=2)
    assert len(runs) == 2
