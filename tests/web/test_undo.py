"""Taking back what one did: what it restores, and when it refuses."""

import json
import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from crm.flow import undo
from crm.flow.models import Command
from crm.flow.run import run
from crm.kernel.dates import now
from crm.kernel.errors import Refused
from crm.org.models import User
from crm.record import write
from crm.record.models import Change, OwnerChange
from crm.testing import people as people_module
from crm.testing.people import People
from crm.testing.races import lost, race, won
from customers.flows import ownership, pool
from customers.models import Customer, PoolState
from tests.customers import make

HTMX = {"HX-Request": "true"}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="crm.org.auth.Backend")
    return client


def toast(answer: Any) -> dict[str, Any]:
    return json.loads(answer.headers["HX-Trigger"])["toast"]  # type: ignore[no-any-return]


def again(customer: Customer) -> Customer:
    return Customer.objects.get(pk=customer.pk)


@pytest.fixture
def idle(people: People) -> Customer:
    return make.customer(into=people.east_one)


def test_a_claim_is_taken_back_by_the_button_of_its_notice(people: People, idle: Customer) -> None:
    alice = signed_in(people.alice)
    told = toast(alice.post(f"/customers/pool/{idle.pk}/do/claim/", headers=HTMX))
    assert again(idle).owner == people.alice and told["label"]
    answer = alice.post(told["url"], headers=HTMX)
    assert answer.status_code == 204 and toast(answer)["kind"] == "success"
    back = again(idle)
    assert (back.owner, back.pool_id, back.pool_state) == (None, idle.pool_id, PoolState.IDLE)
    assert back.pool_entered_at == idle.pool_entered_at and back.owned_since is None
    assert Change.objects.filter(object_id=idle.pk).latest("pk").action == "undo"
    assert list(OwnerChange.objects.filter(object_id=idle.pk).order_by("pk").values_list("action", flat=True)) == [
        "claim",
        "undo",
    ]


def test_asking_twice_does_it_once(people: People, idle: Customer) -> None:
    command = run(pool.claim, Customer, [idle.pk], by=people.alice).undo
    assert command is not None
    assert undo.undo(command.token, people.alice).count == 1
    version = again(idle).version
    assert undo.undo(command.token, people.alice).before
    assert again(idle).version == version


@pytest.mark.parametrize("act", ["transfer", "give_back"])
def test_each_way_of_changing_hands_is_taken_back(people: People, act: str) -> None:
    customer = make.customer(people.alice)
    before = Customer.objects.filter(pk=customer.pk).values().get()
    data: dict[str, Any] = {"owner": people.bob} if act == "transfer" else {"reason": "不合适"}
    command = run(getattr(ownership, act), Customer, [customer.pk], by=people.alice, data=data).undo
    assert command is not None
    undo.undo(command.token, people.alice)
    after = Customer.objects.filter(pk=customer.pk).values().get()
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"version", "updated_at", "updated_by_id"}


def test_what_somebody_changed_since_stays(people: People, idle: Customer) -> None:
    command = run(pool.claim, Customer, [idle.pk], by=people.alice).undo
    run(ownership.transfer, Customer, [idle.pk], by=people.alice, data={"owner": people.bob})
    assert command is not None
    answer = signed_in(people.alice).post(f"/undo/{command.token}/", headers=HTMX)
    assert answer.status_code == 409 and "已被修改" in toast(answer)["text"]
    assert again(idle).owner == people.bob
    assert Command.objects.get(pk=command.pk).undone_at is None


def test_another_field_may_have_changed_since(people: People) -> None:
    customer = make.customer(people.alice, name="旧名")
    mine = again(customer)
    mine.name = "新名"
    write.update([mine], people.alice)
    command = undo.remember([mine], people.alice, "change", "Edited")
    other = again(customer)
    other.region = "上海"
    write.update([other], people.carol)
    assert command is not None
    undo.undo(command.token, people.alice)
    assert (again(customer).name, again(customer).region) == ("旧名", "上海")


def test_without_the_right_nothing_is_taken_back(people: People, idle: Customer) -> None:
    command = run(pool.claim, Customer, [idle.pk], by=people.alice).undo
    rights = people_module.all_permissions(Customer.key()) - {"claim"}
    people_module.grant(people.seller, Customer.key(), rights, people_module.Scope.OWN)
    assert command is not None
    assert signed_in(people.alice).post(f"/undo/{command.token}/", headers=HTMX).status_code == 403
    assert again(idle).owner == people.alice


def test_it_belongs_to_whoever_did_it_and_ends_after_a_week(people: People, idle: Customer) -> None:
    command = run(pool.claim, Customer, [idle.pk], by=people.alice).undo
    assert command is not None
    assert signed_in(people.carol).post(f"/undo/{command.token}/", headers=HTMX).status_code == 404
    Command.objects.update(at=now() - timedelta(days=7, seconds=1))
    assert signed_in(people.alice).post(f"/undo/{command.token}/", headers=HTMX).status_code == 404
    assert again(idle).owner == people.alice
    undo.prune()
    assert not Command.objects.exists()


def test_several_are_taken_back_row_by_row(people: People) -> None:
    customers = [make.customer(into=people.east_one, name=f"客户{n}") for n in range(3)]
    command = run(pool.claim, Customer, [one.pk for one in customers], by=people.alice).undo
    run(ownership.transfer, Customer, [customers[1].pk], by=people.alice, data={"owner": people.bob})
    assert command is not None and command.count == 3
    undone = undo.undo(command.token, people.alice)
    assert (undone.count, [record.pk for record, _ in undone.refused]) == (2, [customers[1].pk])
    assert [again(one).owner for one in customers] == [None, people.bob, None]


def test_a_deleted_record_comes_back_from_the_list_of_recent_actions(people: People) -> None:
    customer = make.customer(people.alice, name="误删的客户")
    alice = signed_in(people.alice)
    alice.post(f"/customers/customer/{customer.pk}/delete/")
    page = alice.get("/messages/?tab=recent").content.decode()
    command = Command.objects.get()
    assert f"/undo/{command.token}/" in page
    assert alice.post(f"/undo/{command.token}/").status_code == 302
    page = alice.get("/messages/?tab=recent").content.decode()
    assert "误删的客户" in page and f"/undo/{command.token}/" not in page


def test_an_edit_in_the_form_is_taken_back(people: People) -> None:
    customer = make.customer(people.alice, name="改之前")
    alice = signed_in(people.alice)
    alice.post(f"/customers/customer/{customer.pk}/edit/", {"name": "改之后", "version": customer.version})
    assert again(customer).name == "改之后"
    alice.post(f"/undo/{Command.objects.get().token}/")
    assert again(customer).name == "改之前"


def test_recent_actions_do_not_name_what_is_out_of_sight(people: People) -> None:
    customer = make.customer(people.alice, name="机密名称")
    run(ownership.give_back, Customer, [customer.pk], by=people.alice, data={"reason": "x"})
    Customer.objects.filter(pk=customer.pk).update(pool=people.west, department=people.west)
    assert "机密名称" not in signed_in(people.alice).get("/messages/?tab=recent").content.decode()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", [True, False])
def test_two_undos_that_meet_happen_once(locked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    people = people_module.make_people()
    customer = make.customer(into=people.east_one)
    command = run(pool.claim, Customer, [customer.pk], by=people.alice).undo
    assert command is not None
    slow(monkeypatch)
    if not locked:
        monkeypatch.setattr("django.db.models.query.QuerySet.select_for_update", lambda rows, *a, **k: rows.all())
    results = race(*[lambda: undo.undo(command.token, people.alice)] * 2)
    done = Change.objects.filter(object_id=customer.pk, action="undo").count()
    if locked:
        assert done == 1 and sorted(result.before for result in won(results)) == [False, True]
    else:
        assert done == 2, "the control shows the race"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_an_undo_that_meets_a_transfer_loses_or_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    people = people_module.make_people()
    customer = make.customer(into=people.east_one)
    command = run(pool.claim, Customer, [customer.pk], by=people.alice).undo
    assert command is not None
    slow(monkeypatch)
    results = race(
        lambda: undo.undo(command.token, people.alice),
        lambda: run(ownership.transfer, Customer, [customer.pk], by=people.alice, data={"owner": people.bob}),
    )
    assert len(won(results)) == 1 and all(isinstance(error, Refused) for error in lost(results))
    assert again(customer).owner == (None if isinstance(won(results)[0], undo.Undone) else people.bob)


def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Think for a moment between reading and writing back."""
    restore = undo._restore

    def slowly(*args: Any) -> None:
        time.sleep(0.2)
        restore(*args)

    monkeypatch.setattr(undo, "_restore", slowly)
