"""The preview of recycle rules in the admin site, and the switch on it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from crm.kernel.dates import now
from crm.testing.people import People
from customers.models import Customer, RecycleRule
from tests.customers import make

pytestmark = pytest.mark.django_db
RULES = "/admin/customers/recyclerule/"


@pytest.fixture
def rule() -> RecycleRule:
    return RecycleRule.objects.create(name="十天未跟进", days=10)


@pytest.fixture
def room(client: Client, people: People) -> Client:
    client.force_login(people.root, backend="crm.org.auth.Backend")
    return client


def old(people: People, name: str, days: int) -> Customer:
    made = make.customer(people.alice, name=name)
    Customer.objects.filter(pk=made.pk).update(owned_since=now() - timedelta(days=days))
    return made


def html(answer: Any) -> str:
    assert answer.status_code == 200
    text: str = answer.content.decode()
    return text


def proof(page: str) -> str:
    found = re.search(r'name="proof" value="([^"]+)"', page)
    assert found
    return found[1]


def test_it_lists_who_leaves_when_and_why(room: Client, people: People, rule: RecycleRule) -> None:
    old(people, "今天走", 20), old(people, "五天后走", 6), old(people, "很久以后", 0)
    make.customer(name="公海的")
    page = html(room.get(f"{RULES}{rule.pk}/preview/"))
    assert "今天走" in page and "五天后走" in page
    assert "公海的" not in page
    assert page.index("今天走") < page.index("五天后走") < page.index("很久以后")


def test_a_rule_is_switched_on_from_its_preview_only(room: Client, people: People, rule: RecycleRule) -> None:
    path = f"{RULES}{rule.pk}/preview/"
    room.post(path, {"switch": "on"})
    rule.refresh_from_db()
    assert not rule.active

    room.post(path, {"switch": "on", "proof": proof(html(room.get(path)))})

    rule.refresh_from_db()
    assert rule.active


def test_a_preview_of_the_rule_as_it_was_is_no_proof(room: Client, rule: RecycleRule) -> None:
    path = f"{RULES}{rule.pk}/preview/"
    shown = proof(html(room.get(path)))
    RecycleRule.objects.update(days=1)
    room.post(path, {"switch": "on", "proof": shown})
    rule.refresh_from_db()
    assert not rule.active


def test_changing_a_rule_switches_it_off(room: Client, rule: RecycleRule) -> None:
    RecycleRule.objects.update(active=True)
    fields = {"name": rule.name, "trigger": rule.trigger, "days": "12", "warn_days": "3", "exempt_ordered": "on"}
    assert room.post(f"{RULES}{rule.pk}/change/", fields).status_code == 302
    rule.refresh_from_db()
    assert (rule.days, rule.active) == (12, False)


def test_all_active_rules_together_and_one_owner_alone(room: Client, people: People, rule: RecycleRule) -> None:
    old(people, "甲公司", 20)
    assert "甲公司" not in html(room.get(f"{RULES}preview/"))
    RecycleRule.objects.update(active=True)
    assert "甲公司" in html(room.get(f"{RULES}preview/"))
    assert "甲公司" not in html(room.get(f"{RULES}preview/", {"owner": people.bob.pk}))


def test_it_is_for_managers_only(client: Client, people: People, rule: RecycleRule) -> None:
    client.force_login(people.carol, backend="crm.org.auth.Backend")
    assert client.get(f"{RULES}{rule.pk}/preview/").status_code in (302, 403)
    assert client.get(RULES).status_code in (302, 403)
