"""A look at a row, the records beside one in its list, and why one sees it."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from crm.entity.neighbours import neighbours
from crm.entity.query import ListQuery
from crm.kernel import registry
from crm.org.models import Scope, User
from crm.record.visibility import audience, reasons
from crm.testing.people import People, all_permissions, grant
from customers.models import Customer
from tests.customers import make
from tests.web.record_pages import HTMX, as_, text

LIST = "/customers/customer/"


# -- peek


def test_it_shows_facts_and_the_latest_children(people: People) -> None:
    customer = make.customer(people.alice, name="上海华信科技", region="上海")
    for number in range(5):
        make.follow_up(customer, people.alice, f"第{number}次沟通")
    make.contact(customer, people.alice, "陈静")
    page = text(as_(people.alice).get(f"{LIST}{customer.pk}/peek/", headers=HTMX))
    assert "<html" not in page and "上海华信科技" in page and customer.number in page
    assert "第4次沟通" in page and "第1次沟通" not in page and "陈静" in page
    assert f'href="{LIST}{customer.pk}/"' in page


def test_it_stays_within_ones_reach_and_costs_little(people: People) -> None:
    customer = make.customer(people.alice)
    make.follow_up(customer, people.alice)
    path = f"{LIST}{customer.pk}/peek/"
    assert as_(people.charlie).get(path).status_code == 404
    client = as_(people.alice)
    client.get(path, headers=HTMX)
    with CaptureQueriesContext(connection) as seen:
        client.get(path, headers=HTMX)
    assert len(seen) <= 10, len(seen)


# -- neighbours


@pytest.mark.parametrize(
    "sort", ["", "name", "-name", "last_follow_up_at", "-last_follow_up_at", "-created_at", "next_follow_up_at"]
)
def test_walking_through_a_list_meets_every_row_in_its_order(people: People, sort: str) -> None:
    for number in range(7):
        made = make.customer(people.alice, name=f"公司{number % 3}")
        at = datetime(2026, 1, 1 + number % 2, tzinfo=UTC) if number % 3 else None
        Customer._base_manager.filter(pk=made.pk).update(last_follow_up_at=at)
    make.customer(people.bob)
    query = ListQuery(registry.get("customers.customer"), QueryDict(f"sort={sort}"), people.alice)
    order = [record.pk for record in query.ordered]
    for place, pk in enumerate(order):
        found: Any = neighbours(query, pk)
        assert (str(found.place), str(found.total)) == (str(place + 1), "7")
        assert found.previous == (order[place - 1] if place else None)
        assert found.next == (order[place + 1] if place < 6 else None)


def test_a_record_that_the_query_does_not_find_has_no_neighbours(people: People) -> None:
    one, other = make.customer(people.alice, name="甲公司"), make.customer(people.alice, name="乙公司")
    client = as_(people.alice)
    assert "1 / 1" in text(client.get(f"{LIST}{one.pk}/neighbours/", {"q": "甲"}, headers=HTMX))
    assert text(client.get(f"{LIST}{other.pk}/neighbours/", {"q": "甲"}, headers=HTMX)).strip() == ""
    theirs = make.customer(people.charlie)
    assert client.get(f"{LIST}{theirs.pk}/neighbours/", headers=HTMX).status_code == 404


# -- why


def why(record: Any, user: User) -> str:
    return " ".join(reasons(record, user))


def test_the_owner_and_the_superior(people: People) -> None:
    customer = make.customer(people.alice)
    grant(people.manager, "customers.customer", all_permissions("customers.customer"), Scope.OWN)
    assert why(customer, people.alice) == "你是负责人"
    assert why(customer, people.carol) == "负责人李娜是你的下级"
    assert reasons(customer, people.charlie) == []


@pytest.mark.parametrize(
    ("scope", "sentence"),
    [
        (Scope.ALL, "可以看到全部记录"),
        (Scope.DEPARTMENT, "可以看到本部门的记录，李娜属于本部门"),
        (Scope.BELOW, "可以看到本部门及下级的记录，李娜属于其中"),
    ],
)
def test_the_scope_of_a_role(people: People, scope: Scope, sentence: str) -> None:
    customer = make.customer(people.alice)
    grant(people.seller, "customers.customer", all_permissions("customers.customer"), scope)
    assert sentence in why(customer, people.bob) and "销售" in why(customer, people.bob)
    assert ("全部" in why(customer, people.charlie)) == (scope == Scope.ALL)


def test_a_share_with_oneself_or_a_department(people: People) -> None:
    customer = make.customer(people.alice)
    tables = Customer.share_tables()
    tables.share(customer, people.charlie, editable=False, by=people.alice, expires_on=date(2099, 1, 31))
    assert why(customer, people.charlie) == "李娜将其共享给你 （至 2099-01-31）"
    tables.revoke(customer, people.charlie)
    tables.share(customer, people.west, editable=True, by=people.alice)
    assert why(customer, people.charlie) == "李娜将其共享给部门西部大区"
    tables.share(customer, people.charlie, editable=False, by=people.alice, expires_on=date(2001, 1, 31))
    assert why(customer, people.charlie) == "李娜将其共享给部门西部大区", "what has expired is no reason"


def test_the_pool_and_the_administrator(people: People) -> None:
    pooled = make.customer()
    assert why(pooled, people.alice) == "在华信集团的公海中，此公海对你开放"
    assert "系统管理员" not in why(pooled, people.root) and "公海" in why(pooled, people.root)
    assert "系统管理员" in why(make.customer(people.alice), people.root)


def test_what_follows_a_customer_says_so(people: People) -> None:
    contact = make.contact(make.customer(people.alice, name="上海华信科技"), people.bob)
    assert reasons(contact, people.alice) == ["所属客户“上海华信科技”对你可见：", "你是负责人"]
    assert reasons(contact, people.bob) == []


def test_every_visible_record_has_a_reason(people: People) -> None:
    records = [make.customer(people.alice), make.customer(people.charlie), make.customer(), make.customer(people.carol)]
    for user in (people.alice, people.bob, people.carol, people.charlie, people.root):
        for record in records:
            visible = Customer.objects.visible_to(user).filter(pk=record.pk).exists()
            assert bool(reasons(record, user)) == visible, (user, record)


def test_who_else_sees_it_is_told_to_managers(people: People) -> None:
    customer = make.customer(people.alice)
    Customer.share_tables().share(customer, people.charlie, editable=False, by=people.alice)
    told = {one.reason: one.names for one in audience(customer)}
    assert told["负责人"] == ["李娜"] and told["负责人的上级"] == ["王芳"] and told["共享给"] == ["赵强"]
    assert ["王芳"] in [names for reason, names in told.items() if "销售经理" in reason]
    path = f"{LIST}{customer.pk}/why/"
    assert "还有谁能看到" in text(as_(people.carol).get(path, headers=HTMX))
    assert "还有谁能看到" not in text(as_(people.alice).get(path, headers=HTMX))
    assert as_(people.bob).get(path).status_code == 404
