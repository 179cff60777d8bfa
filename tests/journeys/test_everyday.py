"""What a salesperson does every day, at a desk, on a phone and with the keyboard alone."""

import re

from playwright.sync_api import Page, expect

from crm.testing.browser import DESKTOP, PHONE
from crm.testing.people import People
from customers.models import Customer, CustomerFollowUp
from tests.customers import make
from tests.journeys.conftest import Visit

LIST, POOL = "/customers/customer/", "/customers/pool/"


def test_claiming_from_the_menu_the_right_button_and_the_keyboard(visit: Visit, people: People) -> None:
    names = ["苏州园林建设有限公司", "无锡精密机械有限公司", "常州轨道交通有限公司"]
    for name in names:
        make.customer(name=name)
    page = visit(people.alice, DESKTOP, POOL)
    menu = page.locator("#row-menu [role=menu]")

    page.get_by_role("row").filter(has_text=names[0]).get_by_role("button").last.click()
    menu.get_by_role("menuitem", name="获取").click()
    expect(page.locator("c-toast")).to_contain_text("已获取，归入我的客户")
    expect(page.get_by_role("link", name=names[0])).to_have_count(0)

    page.get_by_role("row").filter(has_text=names[1]).locator("td.extra").last.click(button="right")
    menu.get_by_role("menuitem", name="获取").click()
    expect(page.get_by_role("link", name=names[1])).to_have_count(0)

    page.get_by_role("row").filter(has_text=names[2]).focus()
    page.keyboard.press("c")
    expect(page.get_by_role("link", name=names[2])).to_have_count(0)
    assert set(Customer.objects.filter(owner=people.alice).values_list("name", flat=True)) == set(names)


def test_a_day_on_the_phone(visit: Visit, people: People) -> None:
    phone_call = make.option("customers.follow_up_method", "电话")
    customer = make.customer(people.alice, name="上海华信科技有限公司", phone="021-58881234")
    make.contact(customer, people.alice, "陈静", mobile="13812345678")
    make.customer(people.alice, name="宁波舜拓饮品股份有限公司")
    page = visit(people.alice, PHONE, LIST)

    cards = page.locator("tbody tr")
    expect(cards).to_have_count(2)
    assert cards.first.bounding_box()["width"] > 340, "a card takes the screen's width"  # type: ignore[index]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing hangs over the edge"

    page.locator("#words").tap()
    page.keyboard.type("shhx")
    expect(cards).to_have_count(1)
    expect(cards.get_by_role("link", name="021-58881234")).to_have_attribute("href", re.compile(r"^tel:\+?[\d-]+$"))
    cards.locator("a.open").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("上海华信科技有限公司")
    page.get_by_role("link", name="联系人 1").tap()
    expect(page.get_by_role("link", name="13812345678")).to_have_attribute("href", "tel:13812345678")

    page.get_by_role("link", name="写跟进").tap()
    drawer = page.locator("#drawer")
    drawer.get_by_label("跟进方式").select_option(label="电话")
    drawer.get_by_label("跟进内容").fill("电话里约好周五见面")
    drawer.get_by_role("button", name="保存").tap()
    expect(drawer).to_be_hidden()
    expect(page.locator("c-toast")).to_contain_text("已保存")
    page.get_by_role("link", name="客户跟进 1").tap()
    expect(page.locator("#tabs")).to_contain_text("电话里约好周五见面")
    assert CustomerFollowUp.objects.get().method == phone_call
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_list_with_the_keyboard_alone(visit: Visit, people: People) -> None:
    for number in range(3):
        make.customer(people.alice, name=f"第{'一二三'[number]}机床有限公司")
    page = visit(people.alice, DESKTOP, LIST)
    rows = page.locator("tbody tr")

    page.keyboard.press("/")
    expect(page.locator("#words")).to_be_focused()
    page.keyboard.type("n/")  # letters are text in a field, not commands
    expect(page.locator("#words")).to_have_value("n/")
    expect(page.locator(".empty")).to_be_visible()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    expect(rows).to_have_count(3)

    _tab_to(page, "tbody tr")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("j")
    expect(rows.nth(2)).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("Home")
    page.keyboard.press("End")
    expect(rows.nth(2)).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator("#bulk")).to_contain_text("已选 1 项")
    page.keyboard.press("Control+a")
    expect(page.locator("#bulk")).to_contain_text("已选 3 项")

    page.keyboard.press("Shift+F10")
    menu = page.locator("#row-menu [role=menu]")
    expect(menu.get_by_role("menuitem").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(menu.get_by_role("menuitem").nth(1)).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(rows.nth(2)).to_be_focused()

    page.keyboard.press("l")
    expect(page.get_by_label("跟进内容")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).to_be_hidden()
    expect(rows.nth(2)).to_be_focused()

    page.keyboard.press("n")
    expect(page.get_by_label("客户名称")).to_be_focused()
    page.keyboard.press("Escape")
    expect(rows.nth(2)).to_be_focused()

    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("第一机床有限公司")


def test_a_double_click_opens_a_record_and_back_finds_the_query(visit: Visit, people: People) -> None:
    make.customer(people.alice, name="上海华信科技有限公司")
    make.customer(people.alice, name="宁波舜拓饮品股份有限公司")
    page = visit(people.alice, DESKTOP, LIST)
    page.locator("#words").fill("华信")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.locator("tbody tr td.extra").last.dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("上海华信科技有限公司")
    page.locator("#main").get_by_role("link", name="我的客户").click()
    expect(page.locator("#words")).to_have_value("华信")
    expect(page.locator("tbody tr")).to_have_count(1)


def _tab_to(page: Page, selector: str, most: int = 25) -> None:
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return
    raise AssertionError(f"Tab does not reach {selector}")
