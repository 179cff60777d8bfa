"""What people say about a record, and how they take back what they did."""

from playwright.sync_api import expect

from crm.testing.browser import DESKTOP, PHONE
from crm.testing.people import People
from crm.timeline.models import Like
from customers.models import Customer
from tests.customers import make
from tests.journeys.conftest import Visit


def test_colleagues_talk_on_the_page_of_a_customer(visit: Visit, people: People) -> None:
    customer = make.customer(people.alice, name="苏州园林建设有限公司")
    path = f"/customers/customer/{customer.pk}/"
    page = visit(people.alice, DESKTOP, path)
    box = page.get_by_label("评论", exact=True)
    box.click()
    page.keyboard.type("请看报价 @wf")
    expect(page.get_by_role("option", name="王芳")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.type("谢谢")
    page.keyboard.press("Control+Enter")
    said = page.locator(".timeline-item").first
    expect(said).to_contain_text("请看报价 @王芳 谢谢")
    expect(box).to_have_value("")

    page = visit(people.carol, PHONE, path)
    said = page.locator(".timeline-item").first
    said.get_by_role("button", name="赞").click()
    expect(said.get_by_role("button", name="赞")).to_have_attribute("aria-pressed", "true")
    said.get_by_role("button", name="回复").first.click()
    page.keyboard.type("可以发")
    said.locator("details.reply").get_by_role("button", name="回复").click()
    expect(said.locator(".replies")).to_contain_text("可以发")
    assert Like.objects.get().user == people.carol

    page = visit(people.alice, DESKTOP, path)
    page.get_by_role("link", name="评论", exact=True).click()
    expect(page.locator(".timeline-item")).to_have_count(1)
    expect(page.locator(".timeline-item")).to_contain_text("可以发")


def test_what_was_deleted_by_mistake_comes_back_from_recent_actions(visit: Visit, people: People) -> None:
    customer = make.customer(people.alice, name="苏州园林建设有限公司")
    page = visit(people.alice, DESKTOP, f"/customers/customer/{customer.pk}/")
    page.get_by_role("button", name="更多操作").click()
    page.get_by_role("menuitem", name="删除").click()
    page.locator("#dialog .btn-danger").click()
    expect(page.locator("c-toast").get_by_role("button", name="撤销")).to_be_visible()
    page.locator("#bell-open").click()
    page.locator("#drawer").get_by_role("link", name="最近操作").click()
    page.locator("#drawer").get_by_role("button", name="撤销").click()
    expect(page.locator("#drawer")).to_contain_text("已撤销")
    assert Customer.objects.visible_to(people.alice).filter(pk=customer.pk).exists()
