"""Taking an import back, and the list of exactly what it wrote."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.utils.translation import override

from crm.entity.query import ListQuery
from crm.exchange import importing, origin, undoing
from crm.exchange.models import Import, RowState
from crm.jobs import queue, run
from crm.jobs.models import Job, State
from crm.kernel.errors import Denied, Refused
from crm.org.models import Scope, User
from crm.record import write
from crm.testing.people import People, all_permissions, grant
from customers.models import Customer
from tests.customers import make
from tests.exchange.tables import MINE, POOL, csv_of, entity_of, imported, outcome, uploaded

pytestmark = pytest.mark.django_db
P1, P2, P3 = (f"021-5888000{n}" for n in range(1, 4))


@pytest.fixture(autouse=True)
def _english(people: People, settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    User.objects.update(language="en")
    for person in (people.alice, people.bob, people.root):
        person.language = "en"
    with override("en"):
        yield


def undone(batch: Import, user: User) -> Job:
    job = undoing.start(batch, user)
    run.work("a worker")
    job.refresh_from_db()
    assert job.state == State.DONE, job.reason
    return job


def alive() -> dict[str, str]:
    return dict(Customer.objects.filter(deleted_at=None).values_list("name", "phone"))


def listed(batch: Import, user: User, entity: str = MINE) -> set[str]:
    query = ListQuery(entity_of(entity), QueryDict(f"import={batch.pk}"), user)
    return {customer.name for customer in query.rows}


def test_created_records_go_and_updated_ones_are_as_before(people: People) -> None:
    make.customer(people.alice, name="旧", phone=P1, remarks="原来")
    make.customer(people.alice, name="旁", phone=P1)
    rows = (["customer name", "phone", "remarks"], ["新", P2, ""], ["旧", P2, "后来"], ["旁", P1, ""])
    batch, _job = imported(people.alice, MINE, *rows, on_duplicate="update")
    assert alive() == {"新": P2, "旧": P2, "旁": P1}
    assert listed(batch, people.alice) == {"新", "旧"}
    job = undone(batch, people.alice)
    assert alive() == {"旧": P1, "旁": P1}
    assert Customer.objects.get(name="旧").remarks == "原来"
    assert Customer.objects.get(name="新").deleted_by == people.alice
    assert (job.done, job.total, job.counters) == (2, 2, {"undone": 2, "kept": 0})
    assert [state for _row, state, _why in outcome(batch)] == ["undone", "undone", "skipped"]
    assert listed(batch, people.alice) == set()


def test_what_was_changed_since_or_is_needed_stays_and_says_why(people: People) -> None:
    make.customer(people.alice, name="旧", phone=P1)
    rows = (["customer name", "phone"], ["改", P2], ["要", P2], ["好", P2], ["旧", P2])
    batch, _job = imported(people.alice, MINE, *rows, on_duplicate="update")
    changed, old = Customer.objects.get(name="改"), Customer.objects.get(name="旧")
    changed.remarks, old.phone = "电话里说的", P3
    write.update([changed], people.alice)
    write.update([old], people.alice)
    make.contact(Customer.objects.get(name="要"), people.alice, name="王伟")
    job = undone(batch, people.alice)
    assert alive() == {"改": P2, "要": P2, "旧": P3}
    assert job.counters == {"undone": 1, "kept": 3}
    reasons = {number: reason for number, state, reason in outcome(batch) if state == "kept"}
    assert reasons[2] == reasons[5] == "It has been changed since, so this can no longer be undone."
    assert "王伟" in reasons[3]
    assert listed(batch, people.alice) == {"改", "要", "旧"}


def test_another_field_that_was_changed_since_stays_as_it_is(people: People) -> None:
    make.customer(people.alice, name="旧", phone=P1)
    batch, _job = imported(people.alice, MINE, ["customer name", "phone"], ["旧", P2], on_duplicate="update")
    old = Customer.objects.get(name="旧")
    old.remarks = "之后"
    write.update([old], people.alice)
    undone(batch, people.alice)
    old.refresh_from_db()
    assert (old.phone, old.remarks) == (P1, "之后")


@pytest.mark.parametrize("chunk", [1, 100])
def test_rows_for_one_record_are_taken_back_in_turn(chunk: int, people: People, monkeypatch: Any) -> None:
    monkeypatch.setattr(importing, "CHUNK", chunk)
    monkeypatch.setattr(undoing, "CHUNK", chunk)
    make.customer(people.alice, name="旧", phone=P1)
    rows = (["customer name", "phone"], ["旧", P2], ["新", P1], ["旧", P3], ["新", P2])
    batch, _job = imported(people.alice, MINE, *rows, on_duplicate="update")
    assert alive() == {"旧": P3, "新": P2}
    job = undone(batch, people.alice)
    assert alive() == {"旧": P1}
    assert job.counters["undone"] == 4


def test_a_record_that_is_out_of_sight_is_left(people: People) -> None:
    batch, _job = imported(people.alice, MINE, ["customer name"], ["甲"], ["乙"])
    given = Customer.objects.get(name="甲")
    given.owner = people.bob
    write.update([given], people.root)
    job = undone(batch, people.alice)
    assert set(alive()) == {"甲"}
    assert job.counters == {"undone": 1, "kept": 1}


def test_undoing_twice_is_undoing_once(people: People) -> None:
    batch, _job = imported(people.alice, MINE, ["customer name"], ["甲"])
    first = undoing.start(batch, people.alice)
    assert undoing.start(batch, people.alice) == first
    run.work("a worker")
    batch.refresh_from_db()
    with pytest.raises(Refused, match="nothing left"):
        undoing.start(batch, people.alice)


def test_it_is_refused_while_the_import_runs_after_a_week_and_without_the_right(people: People) -> None:
    batch = uploaded(people.alice, MINE, csv_of(["customer name"], ["甲"]))
    job = importing.start(batch, people.alice)
    with pytest.raises(Refused, match="still running"):
        undoing.start(batch, people.alice)
    run.work("a worker")
    Job.objects.filter(pk=job.pk).update(finished_at=job.created_at - timedelta(days=7, minutes=1))
    with pytest.raises(Refused, match="within 7 days"):
        undoing.start(batch, people.alice)
    Job.objects.filter(pk=job.pk).update(finished_at=job.created_at)
    grant(people.seller, "customers.customer", all_permissions("customers.customer") - {"import"}, Scope.OWN)
    with pytest.raises(Denied):
        undoing.start(batch, User.objects.get(pk=people.alice.pk))
    assert set(alive()) == {"甲"}


def test_a_stopped_undo_says_how_far_it_came_and_goes_on(people: People, monkeypatch: Any) -> None:
    monkeypatch.setattr(undoing, "CHUNK", 2)
    batch, _job = imported(people.alice, MINE, ["customer name"], *([f"客户{n}"] for n in range(5)))
    undoing.start(batch, people.alice)
    claimed = run.claim("a worker")
    assert claimed is not None
    run.step(claimed)
    assert queue.cancel(claimed.pk, people.alice)
    assert queue.cancel(claimed.pk, people.alice)
    assert run.step(claimed) is False
    claimed.refresh_from_db()
    assert (claimed.state, claimed.done, claimed.total) == (State.CANCELLED, 2, 5)
    assert set(alive()) == {"客户0", "客户1", "客户2"}
    batch.refresh_from_db()
    assert undone(batch, people.alice).counters["undone"] == 3
    assert alive() == {}


def test_only_these_records_are_listed_and_only_for_whoever_may_know(people: People) -> None:
    make.customer(people.alice, name="旁")
    batch, _job = imported(people.alice, MINE, ["customer name"], ["甲"], ["乙"], [""])
    assert listed(batch, people.alice) == {"甲", "乙"}
    assert listed(batch, people.root) == {"甲", "乙"}
    assert listed(batch, people.bob) == set()
    assert listed(batch, people.alice, POOL) == set()
    batch.rows.filter(number=2).update(state=RowState.UNDONE)
    assert listed(batch, people.alice) == {"乙"}
    query = ListQuery(entity_of(MINE), QueryDict("import=x"), people.alice)
    assert query.rows == []
    assert origin.address(entity_of(MINE), batch) == f"/customers/customer/?import={batch.pk}"
