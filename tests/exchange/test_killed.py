"""Workers that are killed, and workers that meet: no row is lost, none is done twice."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.db.models import F

from crm.entity import saving
from crm.entity.forms import form_class
from crm.exchange import importing, undoing
from crm.exchange.models import Import, ImportRow
from crm.jobs import queue, run
from crm.jobs.models import Job, State
from crm.jobs.sweep import LEASE, sweep
from crm.kernel.errors import Invalid
from crm.record.models import Change
from crm.testing.people import People, make_people
from crm.testing.races import race
from customers.models import Customer
from tests.exchange.tables import MINE, csv_of, entity_of, uploaded

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
ROWS, CHUNK = 600, 20
WORKER = f"""
import django
django.setup()
from crm.exchange import importing, undoing
from crm.jobs import queue, run
importing.CHUNK = undoing.CHUNK = {CHUNK}
queue.wake = lambda seconds=None: True
run.work("a process that may be killed")
"""


@pytest.fixture
def people(transactional_db: None, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> People:
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(importing, "CHUNK", CHUNK)
    monkeypatch.setattr(undoing, "CHUNK", CHUNK)
    monkeypatch.setattr(queue, "wake", lambda seconds=None: True)
    return make_people()


@pytest.fixture
def batch(people: People) -> Import:
    """Rows of which every tenth repeats its predecessor and every twentieth is wrong."""
    rows = [[f"客户{n - (n % 10 == 9)}" if n % 20 else "", "021-58880001"] for n in range(ROWS)]
    return uploaded(people.alice, MINE, csv_of(["客户名称", "电话"], *rows))


@pytest.fixture
def worker() -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts processes that run jobs in the tests' database."""
    started = []
    database = connection.settings_dict
    url = f"postgresql://{database['USER']}:{database['PASSWORD']}@/{database['NAME']}?host={database['HOST']}"
    settings = {"DJANGO_SETTINGS_MODULE": "crm.settings", "DATABASE_URL": url}

    def begin() -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, "-c", WORKER], cwd=ROOT, env=os.environ | settings)
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def assert_each_row_once(batch: Import, job: Job) -> None:
    job.refresh_from_db()
    states = Counter(batch.rows.values_list("state", flat=True))
    assert job.state == State.DONE, job.reason
    assert sum(states.values()) == job.done == job.total == ROWS
    assert {name: number for name, number in job.counters.items() if number} == dict(states)
    assert dict(states) == {"failed": ROWS // 20, "skipped": ROWS // 10, "created": ROWS - ROWS // 20 - ROWS // 10}
    made = list(batch.rows.filter(state="created").values_list("record_id", flat=True))
    assert sorted(made) == sorted(Customer.objects.values_list("pk", flat=True))
    assert len({customer.name for customer in Customer.objects.all()}) == len(made)
    assert Change.objects.filter(action="import").count() == len(made)


def test_a_killed_worker_loses_and_doubles_nothing(
    batch: Import, people: People, worker: Callable[[], subprocess.Popen[bytes]]
) -> None:
    job = importing.start(batch, people.alice)
    for round in (1, 2):
        process = worker()
        wait_until(lambda at=round * ROWS // 4: Customer.objects.count() >= at)  # type: ignore[misc]
        process.send_signal(signal.SIGKILL)
        process.wait()
        job.refresh_from_db()
        assert job.state == State.RUNNING, "the worker was done before it was killed"
        assert 0 < job.done < ROWS
        Job.objects.filter(pk=job.pk).update(heartbeat_at=F("heartbeat_at") - LEASE)
        sweep()
    run.work("the next worker")
    assert_each_row_once(batch, job)


def test_a_worker_killed_while_it_loads_leaves_no_half_file(
    people: People, worker: Callable[[], subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "SAMPLE", 10)
    rows = [[f"客户{n}"] for n in range(ROWS)]
    batch = uploaded(people.alice, MINE, csv_of(["客户名称"], *rows))
    job = importing.start(batch, people.alice)
    claimed = run.claim("a worker that dies")
    assert claimed is not None

    def die(*args: object) -> int:
        raise SystemExit

    with monkeypatch.context() as patched:
        copy = importing._copy
        patched.setattr(importing, "_copy", lambda batch, lines: copy(batch, lines) and die())
        with pytest.raises(SystemExit):
            run.step(claimed)
    assert ImportRow.objects.count() == 10
    Job.objects.filter(pk=job.pk).update(heartbeat_at=F("heartbeat_at") - LEASE)
    sweep()
    run.work("the next worker")
    job.refresh_from_db()
    assert (job.state, job.counters["created"], Customer.objects.count()) == (State.DONE, ROWS, ROWS)


def test_two_workers_at_once_share_the_rows(batch: Import, people: People) -> None:
    """Whatever the jobs' lease does: the import itself hands every row out once."""
    job = importing.start(batch, people.alice)
    while not job.cursor.get("loaded"):
        importing_step(job)

    def contend() -> int:
        mine = Job.objects.select_related("by").get(pk=job.pk)
        steps = 0
        while importing_step(mine):
            steps += 1
        return steps

    results = race(contend, contend)
    assert all(isinstance(result, int) for result in results), results
    states = Counter(batch.rows.values_list("state", flat=True))
    assert dict(states) == {"failed": ROWS // 20, "skipped": ROWS // 10, "created": ROWS - ROWS // 20 - ROWS // 10}
    assert Customer.objects.count() == states["created"]


def test_without_the_lock_two_workers_do_rows_twice(
    batch: Import, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the same race shows what the lock is for."""
    job = importing.start(batch, people.alice)
    while not job.cursor.get("loaded"):
        importing_step(job)
    monkeypatch.setattr(importing, "_locked", lambda pk: Import.objects.get(pk=pk))
    monkeypatch.setattr(importing, "take_bulk_turn", lambda model: None)
    settle = importing._settle

    def slowly(*args: Any) -> Any:
        result = settle(*args)
        time.sleep(0.05)
        return result

    monkeypatch.setattr(importing, "_settle", slowly)

    def contend() -> None:
        mine = Job.objects.select_related("by").get(pk=job.pk)
        while importing_step(mine):
            pass

    race(contend, contend)
    assert Customer.objects.count() > ROWS - ROWS // 20 - ROWS // 10


def importing_step(job: Job) -> bool:
    """One step in its transaction, without the bookkeeping that guards it in a worker."""
    from django.db import transaction

    with transaction.atomic():
        return importing.step(job)


def test_two_people_importing_the_same_customers_make_them_once(people: People) -> None:
    rows = [[f"客户{n}"] for n in range(100)]
    jobs = []
    for person in (people.alice, people.bob):
        batch = uploaded(person, MINE, csv_of(["客户名称"], *rows))
        job = importing.start(batch, person)
        while not job.cursor.get("loaded"):
            importing_step(job)
        jobs.append(job)

    def run_all(job: Job) -> None:
        while importing_step(job):
            pass

    race(*(lambda job=job: run_all(job) for job in jobs))  # type: ignore[misc]
    assert Customer.objects.count() == 100
    assert sum(job.counters.get("created", 0) for job in jobs) == 100


def whole(batch: Import, people: People) -> int:
    """The import, run to its end; how many it created."""
    job = importing.start(batch, people.alice)
    run.work("a worker")
    job.refresh_from_db()
    return int(job.counters["created"])


def test_a_worker_killed_while_it_undoes_forgets_and_doubles_nothing(
    batch: Import, people: People, worker: Callable[[], subprocess.Popen[bytes]]
) -> None:
    made = whole(batch, people)
    job = undoing.start(batch, people.alice)
    process = worker()
    wait_until(lambda: Customer.objects.deleted().count() >= made // 3)
    process.send_signal(signal.SIGKILL)
    process.wait()
    job.refresh_from_db()
    assert job.state == State.RUNNING, "the worker was done before it was killed"
    assert 0 < job.done < made
    Job.objects.filter(pk=job.pk).update(heartbeat_at=F("heartbeat_at") - LEASE)
    sweep()
    run.work("the next worker")
    job.refresh_from_db()
    assert (job.state, job.done, job.counters) == (State.DONE, made, {"undone": made, "kept": 0})
    assert Customer.objects.alive().count() == 0
    assert Change.objects.filter(action="undo").count() == made


def test_two_workers_undo_each_row_once(batch: Import, people: People) -> None:
    made = whole(batch, people)
    job = undoing.start(batch, people.alice)

    def contend() -> int:
        from django.db import transaction

        mine, more = Job.objects.select_related("by").get(pk=job.pk), True
        while more:
            with transaction.atomic():
                more = undoing.step(mine)
        return int(mine.done)

    results = race(contend, contend)
    assert sum(results) == made, results  # type: ignore[arg-type]
    assert Change.objects.filter(action="undo").count() == made


def form_and_import(people: People, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Somebody saves a form while a chunk with the same customer has been judged and is being written."""
    batch = uploaded(people.alice, MINE, csv_of(["客户名称"], ["苏州园林"]))
    job = importing.start(batch, people.alice)
    while not job.cursor.get("loaded"):
        importing_step(job)
    judged = threading.Event()
    settle = importing._settle

    def slowly(*args: Any) -> Any:
        result = settle(*args)
        judged.set()
        time.sleep(0.5)
        return result

    monkeypatch.setattr(importing, "_settle", slowly)

    def save() -> str:
        judged.wait(10)
        entity = entity_of(MINE)
        form = form_class(entity, people.bob)({"name": "苏州园林"}, instance=entity.model(), user=people.bob)
        assert form.is_valid(), form.errors
        try:
            saving.create(entity, form, people.bob)
        except Invalid:
            return "refused"
        return "created"

    return race(lambda: importing_step(job), save)


def test_a_form_and_an_import_do_not_both_create_a_customer(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    assert form_and_import(people, monkeypatch)[1] == "refused"
    assert Customer.objects.count() == 1


def test_without_turns_a_form_and_an_import_both_do(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    monkeypatch.setattr(saving, "take_turn", lambda model: False)
    assert form_and_import(people, monkeypatch)[1] == "created"
    assert Customer.objects.count() == 2


def test_an_import_waits_for_a_form_that_is_being_saved(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = uploaded(people.alice, MINE, csv_of(["客户名称"], ["苏州园林"]))
    job = importing.start(batch, people.alice)
    while not job.cursor.get("loaded"):
        importing_step(job)
    written = threading.Event()
    insert = saving.write.insert

    def slowly(*args: Any, **options: Any) -> Any:
        result = insert(*args, **options)
        written.set()
        time.sleep(0.5)
        return result

    monkeypatch.setattr(saving, "write", SimpleNamespace(insert=slowly))

    def save() -> None:
        entity = entity_of(MINE)
        form = form_class(entity, people.bob)({"name": "苏州园林"}, instance=entity.model(), user=people.bob)
        assert form.is_valid(), form.errors
        saving.create(entity, form, people.bob)

    def write_rows() -> None:
        written.wait(10)
        importing_step(job)

    race(save, write_rows)
    assert Customer.objects.count() == 1
    assert batch.rows.get().state == "skipped"
