"""Holding caps, claims of a day, cool-down and the bar on new arrivals."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone, translation

from crm.flow.action import Action
from crm.flow.run import Outcome, run
from crm.flow.undo import undo
from crm.kernel.errors import Refused
from crm.org.models import Role, User
from crm.testing.people import People
from customers.flows import ownership, pool
from customers.limits import claims_today
from customers.models import Customer, PoolLimit
from tests.customers import make

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 12, tzinfo=timezone.get_default_timezone())


@pytest.fixture(autouse=True)
def english() -> Any:
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def limit(role: Role, **numbers: int) -> PoolLimit:
    return PoolLimit.objects.create(role=role, **numbers)


def do(action: Action, by: User, customer: Customer, **data: Any) -> Outcome:
    return run(action, Customer, [customer.pk], by=User.objects.get(pk=by.pk), data=data)


def test_nobody_claims_beyond_the_cap_but_keeps_what_they_have(people: People) -> None:
    make.customer(people.alice, name="甲")
    make.customer(people.alice, name="乙")
    limit(people.seller, held=2)
    free = make.customer(name="丙")
    with pytest.raises(Refused, match="You hold 2 customers; your role allows 2"):
        do(pool.claim, people.alice, free)
    with pytest.raises(Refused, match="You hold 2"):
        do(pool.apply, people.alice, free)
    assert Customer.objects.filter(owner=people.alice).count() == 2


def test_the_cap_also_stops_who_gives(people: People) -> None:
    mine = make.customer(people.bob, name="甲")
    make.customer(people.alice, name="乙")
    limit(people.seller, held=1)
    for action, customer in ((pool.assign, make.customer(name="丙")), (ownership.transfer, mine)):
        with pytest.raises(Refused, match="李娜 holds 1 customers; their role allows 1"):
            do(action, people.carol, customer, owner=people.alice)


def test_an_application_is_not_accepted_beyond_the_cap(people: People) -> None:
    limit(people.seller, held=1)
    wanted = make.customer(name="甲")
    do(pool.apply, people.alice, wanted)
    do(pool.claim, people.alice, make.customer(name="乙"))
    with pytest.raises(Refused, match="李娜 holds 1"):
        do(pool.accept, people.carol, wanted)
    wanted.refresh_from_db()
    assert wanted.pool_state == "applied"


def test_so_many_claims_a_day_even_if_some_are_returned(people: People, clock: Any) -> None:
    limit(people.seller, claims_a_day=2)
    first, second, third = (make.customer(name=name) for name in "甲乙丙")
    do(pool.claim, people.alice, first)
    do(ownership.give_back, people.alice, first, reason="不合适")
    do(pool.claim, people.alice, second)
    with pytest.raises(Refused, match=r"claimed 2 customers today.*2026-03-03"):
        do(pool.claim, people.alice, third)
    do(pool.assign, people.carol, third, owner=people.alice)
    assert claims_today(people.alice) == 2

    clock.move_to(NOON.replace(day=3, hour=0))

    do(pool.claim, people.alice, make.customer(name="丁"))


def test_a_claim_that_is_refused_uses_nothing_up(people: People) -> None:
    limit(people.seller, claims_a_day=1)
    taken = make.customer(people.bob, name="甲")
    with pytest.raises(Refused):
        do(pool.claim, people.alice, taken)
    do(pool.claim, people.alice, make.customer(name="乙"))


def test_several_claims_at_once_say_row_by_row_which_came_too_late(people: People) -> None:
    limit(people.seller, claims_a_day=2)
    made = [make.customer(name=name) for name in "甲乙丙"]
    outcome = run(pool.claim, Customer, [c.pk for c in made], by=people.alice)
    assert [record.pk for record in outcome.done] == [made[0].pk, made[1].pk]
    assert [(record.pk, "claimed 2" in reason) for record, reason in outcome.refused] == [(made[2].pk, True)]


def test_the_former_owner_waits_though_somebody_else_had_it_since(people: People, clock: Any) -> None:
    limit(people.seller, cool_down_days=10)
    customer = make.customer(people.alice)
    do(ownership.give_back, people.alice, customer, reason="不合适")
    do(pool.claim, people.bob, customer)
    clock.move_to(NOON + timedelta(days=1))
    do(ownership.give_back, people.bob, customer, reason="不合适")
    clock.move_to(NOON + timedelta(days=10))
    with pytest.raises(Refused, match=r"until 2026-03-02.*from 2026-03-13"):
        do(pool.claim, people.alice, customer)
    with pytest.raises(Refused, match="until 2026-03-02"):
        do(pool.apply, people.alice, customer)

    clock.move_to((NOON + timedelta(days=11)).replace(hour=0))

    do(pool.claim, people.alice, customer)


def test_whoever_undoes_a_claim_may_claim_again(people: People) -> None:
    limit(people.seller, cool_down_days=10)
    customer = make.customer()
    claimed = do(pool.claim, people.alice, customer)
    assert claimed.undo is not None
    undo(claimed.undo.token, people.alice)
    do(pool.claim, people.alice, customer)


def test_new_arrivals_wait_and_an_edit_does_not_start_the_wait_again(people: People, clock: Any) -> None:
    limit(people.seller, arrival_days=3)
    customer = make.customer()
    clock.move_to(NOON + timedelta(days=3))
    Customer.objects.filter(pk=customer.pk).update(updated_at=timezone.now())
    with pytest.raises(Refused, match="can be taken from 2026-03-06"):
        do(pool.claim, people.alice, customer)
    clock.move_to(NOON + timedelta(days=4))
    do(pool.claim, people.alice, customer)


def test_of_several_roles_the_most_generous_counts(people: People) -> None:
    generous = Role.objects.create(name="大客户")
    people.alice.roles.add(generous)
    limit(people.seller, held=1, cool_down_days=30)
    rule = limit(generous, held=2, cool_down_days=0)
    made = [make.customer(name=name) for name in "甲乙丙"]
    assert len(run(pool.claim, Customer, [c.pk for c in made], by=people.alice).done) == 2
    rule.held = None
    rule.save()
    do(pool.claim, people.alice, made[2])


def test_the_first_rule_that_fails_is_the_answer(people: People) -> None:
    limit(people.seller, held=1, claims_a_day=1, arrival_days=3)
    PoolLimit.objects.update(arrival_days=0)
    do(pool.claim, people.alice, make.customer(name="甲"))
    PoolLimit.objects.update(arrival_days=3)
    with pytest.raises(Refused, match="You hold 1"):
        do(pool.claim, people.alice, make.customer(name="乙"))


def test_the_pools_list_says_what_may_still_be_taken(client: Client, people: People) -> None:
    limit(people.seller, held=5, claims_a_day=3)
    do(pool.claim, people.alice, make.customer(name="甲"))
    client.force_login(people.alice, backend="crm.org.auth.Backend")
    page = client.get("/customers/pool/").content.decode()
    assert "今日还可获取 2 个客户 · 已持有 1 / 5 个" in page
    assert "今日还可获取" not in client.get("/customers/customer/").content.decode()
