"""What people do with customers: each action works, and refuses with a reason."""

from typing import Any

import pytest
from django.utils import translation

from crm.flow.action import Action
from crm.flow.delete import delete
from crm.flow.run import Missing, Outcome, run
from crm.kernel.errors import Denied, Refused
from crm.notify.models import Message
from crm.org.models import Department, Scope, User
from crm.record.models import OwnerChange
from crm.testing.people import People, grant
from customers.flows import ownership, pool
from customers.models import Customer
from tests.customers import make


def do(action: Action, by: User, *customers: Customer, **data: Any) -> Outcome:
    return run(action, Customer, [c.pk for c in customers], by=User.objects.get(pk=by.pk), data=data)


def now(customer: Customer) -> Customer:
    return Customer.objects.get(pk=customer.pk)


def place(customer: Customer) -> tuple[str, User | None, Department | None]:
    customer = now(customer)
    return customer.pool_state, customer.owner, customer.pool


def test_claim_takes_a_pool_customer_at_once(people: People) -> None:
    customer = make.customer()
    do(pool.claim, people.alice, customer)
    assert place(customer) == ("assigned", people.alice, None)
    assert now(customer).owned_since is not None
    change = OwnerChange.objects.get(object_id=customer.pk)
    assert (change.action, change.to_owner, change.by) == ("claim", people.alice, people.alice)


def test_who_claims_too_late_is_told_who_was_first(people: People) -> None:
    customer = make.customer()
    do(pool.claim, people.alice, customer)
    with pytest.raises(Refused, match="李娜"):
        do(pool.claim, people.charlie, customer)
    assert place(customer) == ("assigned", people.alice, None)


def test_claim_of_an_owned_customer_tells_nothing_to_who_never_saw_it(people: People) -> None:
    customer = make.customer(people.alice)
    with pytest.raises(Missing):
        do(pool.claim, people.charlie, customer)


def test_claim_needs_its_right(people: People) -> None:
    customer = make.customer()
    grant(people.seller, Customer.key(), {"view", "view_pool"}, Scope.OWN)
    with pytest.raises(Denied):
        do(pool.claim, people.alice, customer)
    assert place(customer) == ("idle", None, people.company)


def test_apply_waits_for_the_superior_who_accepts(people: People) -> None:
    customer = make.customer()
    do(pool.apply, people.alice, customer, reason="老客户介绍")
    assert place(customer) == ("applied", None, people.company)
    message = Message.objects.get(user=people.carol)
    assert message.actions == ["accept", "refuse"]
    with pytest.raises(Refused, match="李娜"):
        do(pool.claim, people.bob, customer)
    do(pool.accept, people.carol, customer)
    assert place(customer) == ("assigned", people.alice, None)
    assert Message.objects.filter(user=people.alice).count() == 1


def test_refuse_returns_the_customer_to_what_it_was(people: People) -> None:
    customer = make.customer(people.bob)
    do(ownership.give_back, people.bob, customer, reason="长期无需求")
    do(pool.apply, people.alice, customer)
    do(pool.refuse, people.carol, customer, reason="已有安排")
    assert place(customer) == ("recycled", None, people.east_one)
    assert "已有安排" in Message.objects.get(user=people.alice).text


def test_withdraw_is_for_the_applicant_alone(people: People) -> None:
    customer = make.customer()
    do(pool.apply, people.alice, customer)
    with pytest.raises(Refused, match="李娜"):
        do(pool.withdraw, people.bob, customer)
    do(pool.withdraw, people.alice, customer)
    assert place(customer) == ("idle", None, people.company)
    do(pool.apply, people.bob, customer)


def test_a_customer_somebody_waits_for_is_not_deleted(people: People) -> None:
    customer = make.customer()
    do(pool.apply, people.alice, customer)
    with translation.override("en"), pytest.raises(Refused, match="applied"):
        do(delete, people.root, customer)
    do(pool.withdraw, people.alice, customer)
    assert do(delete, people.root, customer).done


def test_nobody_accepts_their_own_application_or_one_from_elsewhere(people: People) -> None:
    customer = make.customer()
    do(pool.apply, people.carol, customer)
    with pytest.raises(Refused):
        do(pool.accept, people.carol, customer)
    with pytest.raises(Refused):
        do(pool.accept, people.charlie, customer)
    assert place(customer)[0] == "applied"


def test_assign_gives_to_a_person_and_tells_them_once(people: People) -> None:
    customers = [make.customer(name=f"客户{i}") for i in range(3)]
    outcome = do(pool.assign, people.carol, *customers, owner=people.bob)
    assert len(outcome.done) == 3
    assert {place(c) for c in customers} == {("assigned", people.bob, None)}
    assert Message.objects.filter(user=people.bob).count() == 1


def test_assign_reports_the_rows_that_cannot_be_assigned(people: People) -> None:
    free, wanted = make.customer(name="空闲"), make.customer(name="有人申请")
    do(pool.apply, people.alice, wanted)
    outcome = do(pool.assign, people.carol, free, wanted, owner=people.bob)
    assert [c.name for c in outcome.done] == ["空闲"]
    assert [(c.name) for c, reason in outcome.refused] == ["有人申请"]
    assert place(wanted)[0] == "applied"


def test_move_brings_a_customer_to_another_pool(people: People) -> None:
    customer = make.customer(into=people.east)
    do(pool.move, people.carol, customer, pool=people.company)
    assert place(customer) == ("idle", None, people.company)
    with pytest.raises(Refused):
        do(pool.move, people.root, customer, pool=people.company)


def test_transfer_gives_to_a_colleague_and_the_giver_loses_sight(people: People) -> None:
    customer = make.customer(people.alice)
    do(ownership.transfer, people.alice, customer, owner=people.charlie, reason="区域调整")
    assert place(customer) == ("assigned", people.charlie, None)
    assert not Customer.objects.visible_to(people.alice).exists()
    with pytest.raises(Missing):
        do(ownership.transfer, people.alice, customer, owner=people.bob)


def test_transfer_to_the_owner_is_refused(people: People) -> None:
    customer = make.customer(people.alice)
    with pytest.raises(Refused):
        do(ownership.transfer, people.alice, customer, owner=people.alice)


def test_recycle_brings_a_subordinates_customer_into_a_pool_and_tells_them(people: People) -> None:
    customer = make.customer(people.alice)
    do(ownership.recycle, people.carol, customer, pool=people.company, reason="三个月未跟进")
    assert place(customer) == ("recycled", None, people.company)
    assert "三个月未跟进" in Message.objects.get(user=people.alice).text


def test_give_back_is_for_the_owner_alone(people: People) -> None:
    customer = make.customer(people.alice)
    with pytest.raises(Refused):
        do(ownership.give_back, people.carol, customer, reason="不跟了")
    do(ownership.give_back, people.alice, customer, reason="不跟了")
    assert place(customer) == ("recycled", None, people.east_one)


def test_a_refusal_changes_nothing(people: People) -> None:
    customer = make.customer()
    do(pool.apply, people.alice, customer)
    before = (Customer.objects.values().get(pk=customer.pk), OwnerChange.objects.count(), Message.objects.count())
    with pytest.raises(Refused):
        do(pool.assign, people.carol, customer, owner=people.bob)
    assert before == (
        Customer.objects.values().get(pk=customer.pk),
        OwnerChange.objects.count(),
        Message.objects.count(),
    )
