"""Mending rows that could not be imported, and importing them alone."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.utils.translation import override

from crm.exchange import importing, repairing, undoing
from crm.exchange.models import Import
from crm.exchange.resource import EntityResource
from crm.jobs import run
from crm.jobs.models import State
from crm.kernel.errors import Denied, Refused
from crm.org.models import Scope, User
from crm.testing.people import People, all_permissions, grant
from customers.models import Contact, Customer
from tests.customers import make
from tests.exchange.tables import CONTACTS, MINE, entity_of, imported, outcome, uploaded, xlsx_of

pytestmark = pytest.mark.django_db
HEADER = ["customer name", "customer kind", "remarks"]


@pytest.fixture(autouse=True)
def _english(people: People, settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    User.objects.update(language="en")
    people.alice.language = "en"
    make.option("customers.kind", "意向客户")
    with override("en"):
        yield


def checked(batch: Import, user: User) -> dict[int, dict[str, str]]:
    resource = EntityResource(entity_of(batch.entity), user)
    return {one.number: one.judged.errors for one in repairing.check(batch, resource)}


def failed(people: People) -> Import:
    batch, _job = imported(
        people.alice,
        MINE,
        HEADER,
        ["甲", "意向客户", ""],
        ["乙", "意象客户", "x"],
        ["丙", "意象客户", ""],
        ["", "", "y"],
    )
    return batch


def test_mended_rows_alone_are_tried_again(people: People) -> None:
    batch = failed(people)
    assert set(checked(batch, people.alice)) == {3, 4, 5}
    repairing.keep(batch, people.alice, {3: {"kind": "意向客户"}, 5: {"name": "丁"}})
    errors = checked(batch, people.alice)
    assert (errors[3], errors[5]) == ({}, {})
    assert set(errors[4]) == {"kind"}
    job = repairing.retry(batch, people.alice)
    run.work("a worker")
    job.refresh_from_db()
    assert (job.state, job.done, job.total, job.counters) == (State.DONE, 3, 3, {"created": 2, "failed": 1})
    assert [(number, state) for number, state, _why in outcome(batch)] == [
        (2, "created"), (3, "created"), (4, "failed"), (5, "created"),
    ]  # fmt: skip
    assert sorted(Customer.objects.values_list("name", flat=True)) == ["丁", "乙", "甲"]
    assert Customer.objects.get(name="乙").remarks == "x"


def test_what_is_typed_is_kept_when_it_is_still_wrong(people: People) -> None:
    batch = failed(people)
    repairing.keep(batch, people.alice, {3: {"kind": "还是错"}})
    resource = EntityResource(entity_of(MINE), people.alice)
    first = repairing.check(batch, resource)[0]
    assert first.texts["kind"] == "还是错"
    assert not first.is_right


def test_a_value_is_replaced_in_the_whole_column_of_failed_rows(people: People) -> None:
    batch = failed(people)
    assert repairing.replace(batch, people.alice, "kind", " 意象客户 ", "意向客户") == 2
    assert [number for number, errors in checked(batch, people.alice).items() if not errors] == [3, 4]
    with pytest.raises(Refused):
        repairing.replace(batch, people.alice, "number", "", "x")


def test_cells_that_were_not_touched_keep_their_type(people: People) -> None:
    customer = make.customer(people.alice, name="甲")
    rows = (["customer", "name", "birthday", "mobile"], [customer.name, "王伟", date(1990, 5, 1), "1"])
    batch = uploaded(people.alice, CONTACTS, xlsx_of(*rows), "联系人.xlsx")
    importing.start(batch, people.alice)
    run.work("a worker")
    typed = {"customer": "甲", "name": "王伟", "birthday": "1990-05-01", "mobile": "13812345678"}
    repairing.keep(batch, people.alice, {2: typed})
    assert batch.rows.get().data[2] == {"date": "1990-05-01"}
    repairing.retry(batch, people.alice)
    run.work("a worker")
    assert Contact.objects.get().birthday == date(1990, 5, 1)


def test_rows_of_a_stopped_second_attempt_wait_to_be_mended(people: People) -> None:
    batch = failed(people)
    repairing.replace(batch, people.alice, "kind", "意象客户", "意向客户")
    repairing.retry(batch, people.alice)
    with pytest.raises(Refused, match="still running"):
        repairing.keep(batch, people.alice, {3: {"kind": "x"}})
    from crm.jobs import queue

    assert queue.cancel(batch.job.pk, people.alice)  # type: ignore[union-attr]
    assert set(checked(batch, people.alice)) == {3, 4, 5}
    repairing.retry(batch, people.alice)
    run.work("a worker")
    assert Customer.objects.count() == 3


def test_an_undo_covers_what_was_mended(people: People) -> None:
    batch = failed(people)
    repairing.replace(batch, people.alice, "kind", "意象客户", "意向客户")
    repairing.retry(batch, people.alice)
    run.work("a worker")
    batch.refresh_from_db()
    undoing.start(batch, people.alice)
    run.work("a worker")
    assert Customer.objects.alive().count() == 0
    with pytest.raises(Refused, match="was undone"):
        repairing.keep(batch, people.alice, {5: {"name": "丁"}})


def test_without_the_right_nothing_is_mended(people: People) -> None:
    batch = failed(people)
    grant(people.seller, "customers.customer", all_permissions("customers.customer") - {"import"}, Scope.OWN)
    alice = User.objects.get(pk=people.alice.pk)
    for attempt in (
        lambda: repairing.keep(batch, alice, {3: {"kind": "意向客户"}}),
        lambda: repairing.replace(batch, alice, "kind", "意象客户", "意向客户"),
        lambda: repairing.retry(batch, alice),
    ):
        with pytest.raises(Denied):
            attempt()
