"""Statistics from a list to the rows behind a figure; changing, peeking and walking without leaving it."""

import re

from playwright.sync_api import expect

from crm.testing.browser import DESKTOP, PHONE
from crm.testing.people import People
from customers.models import Customer
from tests.customers import make
from tests.journeys.axe import findings
from tests.journeys.conftest import Visit

LIST = "/customers/customer/"


def test_from_a_query_to_its_statistics_and_back_to_the_rows(visit: Visit, people: People) -> None:
    fair, web = make.option("customers.source", "展会"), make.option("customers.source", "网络")
    for number in range(5):
        make.customer(people.alice, name=f"第{number}家公司", source=fair if number < 3 else web, customer_class="A")
    make.customer(people.alice, name="别的公司", customer_class="B")
    page = visit(people.alice, DESKTOP, f"{LIST}?customer_class=A")

    page.get_by_role("link", name="统计").click()
    drawer = page.locator("#drawer")
    expect(drawer).to_contain_text("基于当前查询的 5 条")
    drawer.get_by_role("link", name="按来源").click()
    expect(drawer.get_by_role("row").filter(has_text="展会")).to_contain_text("3")
    expect(drawer.locator("svg.chart rect")).to_have_count(2)
    drawer.get_by_label("再按").select_option(label="负责人")
    expect(drawer.get_by_role("columnheader")).to_have_text(["来源", "李娜", "合计"])
    drawer.get_by_label("全部记录").check()
    expect(drawer).to_contain_text("全部 6 条")
    drawer.get_by_label("当前查询").check()
    expect(drawer).to_contain_text("基于当前查询的 5 条")
    drawer.get_by_role("row").filter(has_text="网络").get_by_role("link").first.click()
    expect(page.locator("#list tbody tr")).to_have_count(2)
    assert "customer_class=A" in page.url


def test_statistics_on_a_phone(visit: Visit, people: People) -> None:
    make.customer(people.alice, source=make.option("customers.source", "展会"))
    page = visit(people.alice, PHONE, f"{LIST}statistics/?stat-by=source&stat-then=created_at")
    expect(page.locator("svg.chart")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing hangs over the edge"


def test_changing_a_cell_with_the_keyboard(visit: Visit, people: People) -> None:
    make.option("customers.kind", "意向")
    customer = make.customer(people.alice, name="上海华信科技")
    page = visit(people.alice, DESKTOP, LIST)
    row = page.locator("tbody tr[data-pk]").first
    row.focus()
    page.keyboard.press("F2")
    name = page.get_by_role("textbox", name="客户名称")
    expect(name).to_be_focused()
    page.keyboard.type("写错了")
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="上海华信科技")).to_be_visible()
    expect(row).to_be_focused()

    page.keyboard.press("F2")
    expect(name).to_be_focused()
    page.keyboard.type("苏州华信科技")
    page.keyboard.press("Tab")
    expect(page.get_by_role("combobox", name="客户种类")).to_be_focused()
    expect(page.get_by_role("link", name="苏州华信科技")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(row.locator(".tag")).to_contain_text("意向")
    expect(page.locator("tbody tr[data-pk]").first).to_be_focused()
    now = Customer.objects.visible_to(people.alice).get(pk=customer.pk)
    assert (now.name, str(now.kind)) == ("苏州华信科技", "意向")


def test_changing_a_fact_and_an_error_at_its_place(visit: Visit, people: People) -> None:
    customer = make.customer(people.alice, name="上海华信科技", region="上海")
    page = visit(people.alice, DESKTOP, f"{LIST}{customer.pk}/")
    page.get_by_role("button", name="修改客户名称").click()
    name = page.get_by_role("textbox", name="客户名称")
    name.fill("")
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", level=1)).to_have_text("上海华信科技")
    page.locator("dd").filter(has_text=re.compile("^\\s*上海\\s*$")).click()
    page.get_by_role("textbox", name="地区").fill("苏州")
    page.keyboard.press("Enter")
    expect(page.locator("dd").filter(has_text="苏州")).to_be_visible()
    assert Customer.objects.visible_to(people.alice).get(pk=customer.pk).region == "苏州"


def test_peeking_and_walking_through_a_list(visit: Visit, people: People) -> None:
    for number in range(3):
        make.customer(people.alice, name=f"第{number}家公司")
    page = visit(people.alice, DESKTOP, f"{LIST}?sort=name")
    page.locator("tbody tr[data-pk]").first.focus()
    page.keyboard.press("p")
    title = page.locator("#drawer-title")
    expect(title).to_have_text("第0家公司")
    page.keyboard.press("j")
    expect(title).to_have_text("第1家公司")
    assert findings(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("tbody tr[data-pk]").nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#neighbours")).to_contain_text("2 / 3")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", level=1)).to_have_text("第2家公司")
    expect(page.locator("#neighbours")).to_contain_text("3 / 3")
    page.goto(f"{LIST}{Customer.objects.visible_to(people.alice).get(name='第0家公司').pk}/")
    expect(page.locator("#neighbours")).to_be_empty()


def test_changing_a_selection(visit: Visit, people: People) -> None:
    for number in range(3):
        make.customer(people.alice, name=f"第{number}家公司")
    page = visit(people.alice, DESKTOP, LIST)
    page.get_by_role("checkbox", name="选择整页").check()
    page.get_by_role("button", name="批量修改").click()
    dialog = page.locator("#dialog")
    dialog.get_by_label("字段").select_option(label="地区")
    dialog.get_by_label("地区", exact=True).fill("苏州")
    dialog.get_by_role("button", name="修改 3 个客户").click()
    expect(page.locator("c-toast")).to_contain_text("已修改 3 条记录")
    assert Customer.objects.visible_to(people.alice).filter(region="苏州").count() == 3
