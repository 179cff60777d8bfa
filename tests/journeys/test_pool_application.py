"""A salesperson applies for a pool customer; the superior decides from the bell."""

import re

from playwright.sync_api import Page, expect

from crm.testing.browser import DESKTOP
from crm.testing.people import People
from customers.models import Customer
from tests.customers import make
from tests.journeys.conftest import Visit

POOL = "/customers/pool/"


def apply(page: Page, customer: Customer, reason: str) -> None:
    """Apply for a customer from the pool's list."""
    page.get_by_role("row").filter(has_text=customer.name).get_by_role("button").last.click()
    page.get_by_role("menuitem", name=re.compile("^申请")).click()
    page.locator("#dialog").get_by_label("原因").fill(reason)
    page.locator("#dialog").get_by_role("button", name="申请").click()
    expect(page.locator("c-toast")).to_contain_text("申请已提交，等待上级审核")


def test_the_superior_accepts_from_the_bell(visit: Visit, people: People) -> None:
    customer = make.customer(name="苏州园林建设有限公司")
    apply(visit(people.alice, DESKTOP, POOL), customer, "去年合作过")

    page = visit(people.carol, DESKTOP, POOL)
    expect(page.locator("#bell-count")).to_contain_text("1")
    page.locator("#bell-open").click()
    message = page.locator("#drawer .message")
    expect(message).to_contain_text("李娜")
    expect(message).to_contain_text(customer.name)
    expect(message).to_contain_text("去年合作过")
    message.get_by_role("button", name="通过", exact=True).click()
    expect(page.locator("#bell-count")).to_be_empty()
    customer.refresh_from_db()
    assert customer.owner == people.alice

    page = visit(people.alice, DESKTOP, "/messages/")
    expect(page.locator(".message")).to_contain_text("王芳")
    page.locator(".message").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(customer.name)
    expect(page.locator(".figures")).to_contain_text("李娜")


def test_the_superior_refuses_with_a_reason(visit: Visit, people: People) -> None:
    customer = make.customer(name="苏州园林建设有限公司")
    apply(visit(people.alice, DESKTOP, POOL), customer, "")

    page = visit(people.carol, DESKTOP, "/messages/")
    page.locator(".message").get_by_role("button", name="驳回").click()
    page.locator("#dialog").get_by_label("原因").fill("已答应给张伟")
    page.locator("#dialog").get_by_role("button", name="驳回").click()
    expect(page.locator("#dialog")).to_be_hidden()
    customer.refresh_from_db()
    assert (customer.owner, customer.pool_state) == (None, "idle")

    page = visit(people.alice, DESKTOP, "/messages/")
    expect(page.locator(".message")).to_contain_text("已答应给张伟")
