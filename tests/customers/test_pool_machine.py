"""Whatever people do in whatever order, the pool's rules hold (Hypothesis looks for an order that breaks them)."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from crm.flow.action import Action
from crm.flow.run import run
from crm.kernel.errors import Refused
from crm.org.models import Department, User
from crm.record.models import OwnerChange
from crm.testing.people import People, make_people
from customers.flows import ownership, pool
from customers.models import Customer, PoolApplication
from tests.customers import make

NAMES = ("alice", "bob", "carol", "charlie", "root")
PLACES = ("company", "east", "east_one", "west")


@dataclass
class Known:
    """What the model says of a customer."""

    owner: str | None
    pool: str | None
    state: str
    before: str = ""
    applicant: str = ""


class PoolMachine(RuleBasedStateMachine):
    """A plain model of who holds what beside the product."""

    people: People

    @initialize()
    def company(self) -> None:
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.people = make_people()
        self.known: dict[int, Known] = {}

    def teardown(self) -> None:
        if hasattr(self, "atomic"):
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    def person(self, name: str) -> User:
        return User.objects.get(username=name)

    def place(self, name: str) -> Department:
        return getattr(self.people, name)  # type: ignore[no-any-return]

    def do(self, action: Action, by: str, pk: int, **data: Any) -> bool:
        try:
            run(action, Customer, [pk], by=self.person(by), data=data)
        except Refused:
            return False
        return True

    @rule(place=st.sampled_from(PLACES))
    def create_in_pool(self, place: str) -> None:
        made = make.customer(name=f"客户{len(self.known)}", into=self.place(place))
        self.known[made.pk] = Known(None, place, "idle")

    @rule(name=st.sampled_from(NAMES))
    def create_owned(self, name: str) -> None:
        made = make.customer(self.person(name), name=f"客户{len(self.known)}")
        self.known[made.pk] = Known(name, None, "assigned")

    @precondition(lambda self: self.known)
    @rule(data=st.data(), by=st.sampled_from(NAMES), to=st.sampled_from(NAMES), place=st.sampled_from(PLACES))
    def act(self, data: st.DataObject, by: str, to: str, place: str) -> None:
        pk = data.draw(st.sampled_from(sorted(self.known)))
        known = self.known[pk]
        verb = data.draw(
            st.sampled_from(
                ["claim", "apply", "accept", "refuse", "withdraw", "assign", "move", "transfer", "recycle", "give_back"]
            )
        )
        done = {
            "claim": lambda: self.do(pool.claim, by, pk),
            "apply": lambda: self.do(pool.apply, by, pk),
            "accept": lambda: self.do(pool.accept, by, pk),
            "refuse": lambda: self.do(pool.refuse, by, pk),
            "withdraw": lambda: self.do(pool.withdraw, by, pk),
            "assign": lambda: self.do(pool.assign, by, pk, owner=self.person(to)),
            "move": lambda: self.do(pool.move, by, pk, pool=self.place(place)),
            "transfer": lambda: self.do(ownership.transfer, by, pk, owner=self.person(to)),
            "recycle": lambda: self.do(ownership.recycle, by, pk, pool=self.place(place)),
            "give_back": lambda: self.do(ownership.give_back, by, pk, reason="不跟了"),
        }[verb]()
        if done:
            self.expect(verb, known, by, to, place)

    def expect(self, verb: str, known: Known, by: str, to: str, place: str) -> None:
        """What the verb does to the model; it also says which states it may ever be done in."""
        free, owned = known.state in ("idle", "recycled"), known.state == "assigned"
        match verb:
            case "claim":
                assert free
                self.give(known, by)
            case "assign":
                assert free
                self.give(known, to)
            case "apply":
                assert free
                known.before, known.state, known.applicant = known.state, "applied", by
            case "accept":
                assert known.state == "applied" and (by != known.applicant or by == "root")
                self.give(known, known.applicant)
            case "refuse" | "withdraw":
                assert known.state == "applied"
                assert verb == "refuse" or by == known.applicant
                known.state = known.before
            case "move":
                assert free
                known.pool = place
            case "transfer":
                assert owned and to != known.owner
                self.give(known, to)
            case "recycle":
                assert owned
                known.owner, known.pool, known.state = None, place, "recycled"
            case "give_back":
                assert owned and by == known.owner
                department = self.person(by).department
                known.owner, known.state = None, "recycled"
                known.pool = next(name for name in PLACES if self.place(name) == department)

    def give(self, known: Known, to: str) -> None:
        known.owner, known.pool, known.state = to, None, "assigned"

    @invariant()
    def the_database_agrees(self) -> None:
        if not hasattr(self, "known"):
            return
        for customer in Customer.objects.filter(pk__in=self.known).select_related("owner", "pool"):
            known = self.known[customer.pk]
            assert (customer.owner.username if customer.owner else None) == known.owner
            assert customer.pool == (self.place(known.pool) if known.pool else None)
            assert customer.pool_state == known.state
            last = OwnerChange.objects.filter(object_id=customer.pk).order_by("-pk").first()
            assert (last.to_owner if last else None) == customer.owner
            open_ones = PoolApplication.objects.filter(customer=customer, decided_at=None).count()
            assert open_ones == (known.state == "applied")


@pytest.mark.django_db(transaction=True)
def test_the_pool_holds_its_rules() -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        PoolMachine,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )
