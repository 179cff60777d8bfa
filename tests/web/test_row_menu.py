"""The ⋯ menu: what it offers, to whom, and what it costs."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm.testing.people import People
from customers.flows import ownership, pool
from tests.customers import make

CLAIM, TRANSFER = str(pool.claim.label), str(ownership.transfer.label)


@pytest.fixture
def alice(client: Client, people: People) -> Client:
    client.force_login(people.alice, backend="crm.org.auth.Backend")
    return client


def entries(client: Client, pk: int, entity: str = "customer") -> dict[str, str]:
    """Label → the reason why it is blocked, or an empty text."""
    page = client.get(f"/customers/{entity}/{pk}/menu/").content.decode()
    found = {}
    for item in re.findall(r'<(?:a|button)[^>]*role="menuitem".*?</(?:a|button)>', page, re.S):
        reason = re.search(r"<small>(.*?)</small>", item, re.S)
        text = re.sub(r"<(small|kbd)>.*?</\1>|<[^>]+>", "", item, flags=re.S).strip()
        found[text] = reason[1] if reason else ""
    return found


def test_the_owner_may_do_what_an_owner_may(alice: Client, people: People) -> None:
    offered = entries(alice, make.customer(people.alice).pk)
    assert list(offered)[:4] == ["打开", "快速查看", "新建联系人", "写跟进"]
    assert list(offered)[-2:] == ["编辑", "删除"]
    assert offered[TRANSFER] == ""
    assert CLAIM not in offered


def test_pool_customers_can_be_claimed_but_not_transferred(alice: Client, people: People) -> None:
    offered = entries(alice, make.customer().pk, "pool")
    assert offered[CLAIM] == ""
    assert TRANSFER not in offered


def test_what_is_blocked_now_says_why(alice: Client, people: People) -> None:
    customer = make.customer()
    bob = Client()
    bob.force_login(people.bob, backend="crm.org.auth.Backend")
    assert (
        bob.post(
            f"/customers/pool/{customer.pk}/do/apply/", {"reason": "老同学"}, headers={"HX-Request": "true"}
        ).status_code
        < 300
    )
    assert "张伟" in entries(alice, customer.pk, "pool")[CLAIM]


def test_somebody_elses_record_has_no_menu(alice: Client, people: People) -> None:
    theirs = make.customer(people.charlie)
    assert alice.get(f"/customers/customer/{theirs.pk}/menu/").status_code == 404


def test_without_rights_only_looking_is_left(alice: Client, people: People) -> None:
    customer = make.customer(people.alice)
    people.seller.grants.exclude(entity="customers.customer").delete()
    people.seller.grants.update(actions=["view"])
    assert list(entries(alice, customer.pk)) == ["打开", "快速查看"]


def test_it_asks_the_database_once_for_all_rights(alice: Client, people: People) -> None:
    customer = make.customer(people.alice)
    path = f"/customers/customer/{customer.pk}/menu/"
    alice.get(path)
    with CaptureQueriesContext(connection) as seen:
        alice.get(path)
    # Session, user, record, rights.
    assert len(seen) <= 4
