"""The same customer, the same instant."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import QuerySet

from crm.flow.action import Action
from crm.flow.run import run
from crm.kernel.dates import now, today
from crm.kernel.errors import Refused
from crm.org.models import User
from crm.record.models import OwnerChange
from crm.testing.people import People, make_people
from crm.testing.races import PAUSE, lost, race, slow_decisions, without_locks, won
from customers import limits
from customers.flows import pool
from customers.models import Customer, PoolApplication, PoolLimit, RecycleRule
from customers.recycling import run as run_of_night
from customers.recycling.run import recycle_chunk
from tests.customers import make

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


@pytest.fixture
def company(transactional_db: None) -> People:
    return make_people()


def by(user: User, action: Action, customer: Customer, **data: Any) -> Callable[[], Any]:
    return lambda: run(action, Customer, [customer.pk], by=User.objects.get(pk=user.pk), data=data)


def given_away(customer: Customer) -> int:
    return OwnerChange.objects.filter(object_id=customer.pk, to_owner__isnull=False).count()


def test_two_claims_one_gets_it_the_other_is_told_who(company: People) -> None:
    customer = make.customer()
    with slow_decisions():
        results = race(by(company.alice, pool.claim, customer), by(company.charlie, pool.claim, customer))
    winner = Customer.objects.get(pk=customer.pk).owner
    (refused,) = lost(results)
    assert isinstance(refused, Refused) and str(winner) in str(refused)
    assert given_away(customer) == 1


def test_control_two_claims_without_locks_both_get_it(company: People) -> None:
    customer = make.customer()
    with slow_decisions(), without_locks():
        results = race(by(company.alice, pool.claim, customer), by(company.charlie, pool.claim, customer))
    assert len(won(results)) == 2
    assert given_away(customer) == 2


def test_twenty_people_claim_ten_times_and_one_wins_each_time(company: People) -> None:
    for number in range(10):
        customer = make.customer(name=f"客户{number}")
        results = race(
            *[
                by(person, pool.claim, customer)
                for person in (company.alice, company.bob, company.charlie, company.carol)
            ]
        )
        assert (len(won(results)), given_away(customer)) == (1, 1)


def test_claim_and_assign_at_once_give_it_to_one(company: People) -> None:
    customer = make.customer()
    with slow_decisions():
        results = race(
            by(company.alice, pool.claim, customer), by(company.carol, pool.assign, customer, owner=company.bob)
        )
    assert len(won(results)) == 1
    assert given_away(customer) == 1


def test_two_applications_at_once_leave_one_open(company: People) -> None:
    customer = make.customer()
    with slow_decisions():
        results = race(by(company.alice, pool.apply, customer), by(company.charlie, pool.apply, customer))
    assert len(won(results)) == 1
    assert PoolApplication.objects.filter(customer=customer).count() == 1


def test_control_two_applications_without_locks_meet_only_the_last_line_in_the_database(company: People) -> None:
    customer = make.customer()
    with slow_decisions(), without_locks():
        results = race(by(company.alice, pool.apply, customer), by(company.charlie, pool.apply, customer))
    (crash,) = lost(results)
    assert not isinstance(crash, Refused)


@pytest.mark.parametrize("other", [pool.refuse, pool.accept])
def test_a_decision_and_another_at_once_decide_once(company: People, other: Action) -> None:
    customer = make.customer()
    by(company.alice, pool.apply, customer)()
    with slow_decisions():
        results = race(by(company.carol, pool.accept, customer), by(company.root, other, customer))
    assert len(won(results)) == 1
    assert PoolApplication.objects.get(customer=customer).decided_at is not None


def test_accept_and_withdraw_at_once_do_one_of_them(company: People) -> None:
    customer = make.customer()
    by(company.alice, pool.apply, customer)()
    with slow_decisions():
        results = race(by(company.carol, pool.accept, customer), by(company.alice, pool.withdraw, customer))
    assert len(won(results)) == 1
    application, now = PoolApplication.objects.get(customer=customer), Customer.objects.get(pk=customer.pk)
    assert (application.accepted is True) == (now.owner == company.alice)


@pytest.fixture
def slow_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody thinks for a moment between counting what they claimed and claiming more."""
    count = limits.claims_today

    def slowly(user: User) -> int:
        counted = count(user)
        time.sleep(PAUSE)
        return counted

    monkeypatch.setattr(limits, "claims_today", slowly)


def test_two_claims_of_one_person_at_once_keep_to_the_claims_of_a_day(company: People, slow_counts: None) -> None:
    PoolLimit.objects.create(role=company.seller, claims_a_day=1)
    first, second = make.customer(name="甲"), make.customer(name="乙")
    results = race(by(company.alice, pool.claim, first), by(company.alice, pool.claim, second))
    (refused,) = lost(results)
    assert isinstance(refused, Refused)
    assert Customer.objects.filter(owner=company.alice).count() == 1


def test_control_without_a_lock_on_the_person_both_claims_pass(
    company: People, slow_counts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **options: rows)
    PoolLimit.objects.create(role=company.seller, claims_a_day=1)
    first, second = make.customer(name="甲"), make.customer(name="乙")
    results = race(by(company.alice, pool.claim, first), by(company.alice, pool.claim, second))
    assert len(won(results)) == 2


def overdue(company: People) -> tuple[RecycleRule, Customer]:
    customer = make.customer(company.alice)
    Customer.objects.filter(pk=customer.pk).update(owned_since=now() - timedelta(days=20))
    return RecycleRule.objects.create(name="十天未跟进", days=10, active=True), customer


def night(one: RecycleRule) -> Callable[[], int]:
    def run_chunk() -> int:
        with transaction.atomic():
            return recycle_chunk(one, 0, today()).recycled

    return run_chunk


def follow(customer: Customer, company: People) -> Callable[[], Any]:
    def note() -> Any:
        with transaction.atomic():
            made = make.follow_up(customer, company.alice)
            time.sleep(PAUSE)
            return made

    return note


@pytest.fixture
def slow_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run thinks for a moment between looking who is due and locking them."""
    found = run_of_night.reached

    def slowly(*args: Any) -> Any:
        time.sleep(PAUSE / 3)
        return found(*args)

    monkeypatch.setattr(run_of_night, "reached", slowly)


def test_a_follow_up_at_the_same_moment_keeps_the_customer(company: People, slow_start: None) -> None:
    rule, customer = overdue(company)
    recycled, noted = race(night(rule), follow(customer, company))
    assert not isinstance(noted, Exception)
    assert recycled == 0
    assert Customer.objects.get(pk=customer.pk).owner == company.alice


def test_control_without_a_second_look_under_the_lock_it_is_lost(
    company: People, slow_start: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **options: rows)
    rule, customer = overdue(company)
    recycled, _ = race(night(rule), follow(customer, company))
    assert recycled == 1


def test_two_runs_at_once_recycle_a_customer_once(company: People, slow_start: None) -> None:
    rule, customer = overdue(company)
    assert sorted(race(night(rule), night(rule))) == [0, 1]
    assert OwnerChange.objects.filter(object_id=customer.pk, to_owner=None).count() == 1
