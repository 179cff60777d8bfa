"""Views and advanced queries in a browser: what they cost, what keys do, where one comes back to."""

import re

from playwright.sync_api import Page, expect

from crm.testing.browser import DESKTOP, PHONE, Recorder
from crm.testing.people import People
from crm.views.models import SavedView
from tests.customers import make
from tests.journeys.axe import findings
from tests.journeys.budget import BUDGET, overruns
from tests.journeys.conftest import Visit
from tests.journeys.test_tasks import Bench, Task

LIST = "/customers/customer/"


def test_saving_a_view_and_asking_on_three_fields_stay_within_their_limits(visit: Visit, people: People) -> None:
    bench = Bench(visit)
    make.option("customers.kind", "意向客户")
    talking = make.option("customers.status", "初步沟通")
    make.customer(people.alice, name="上海华信科技", status=talking, region="上海", phone="021-58881234")
    make.customer(people.alice, name="北京腾达科技", region="北京")
    saving(bench, people)
    asking(bench, people)
    assert overruns("Task", BUDGET["tasks"], bench.measured) == ""


def saving(bench: Bench, people: People) -> None:
    def save(by_mouse: bool) -> Task:
        def way(page: Page, recorder: Recorder) -> None:
            if by_mouse:
                page.locator("#boxes summary").nth(1).click()
                page.locator("#boxes details[open] label").first.click()
            else:
                page.keyboard.press("/")
                page.keyboard.press("Tab")
                page.keyboard.press("Tab")
                page.keyboard.press("Enter")
                expect(page.locator("#boxes details[open] :focus")).to_be_attached()
                page.keyboard.press("Space")
            expect(page.locator(".chips")).to_contain_text("初步沟通")
            page.locator("#view-save").click() if by_mouse else page.keyboard.press("v")
            expect(page.locator("#view_name")).to_be_focused()
            if by_mouse:
                page.keyboard.type("初步沟通的客户")
                page.locator("#dialog .btn-primary").click()
            else:
                page.keyboard.press("Enter")
            expect(page.locator("#views [aria-current=page]")).to_contain_text("初步沟通")
            expect(page.locator("tbody tr")).to_have_count(1)
            assert re.search(r"status=\d+&view=\d+$", page.url)

        return way

    def forget() -> None:
        SavedView.objects.all().delete()

    bench.run("T8 filter and save as a view", people.alice, LIST, save(True), save(False), forget)


def asking(bench: Bench, people: People) -> None:
    def by_mouse(page: Page, recorder: Recorder) -> None:
        page.locator("#advanced").click()
        expect(page.locator(".condition input[type=text]").first).to_be_focused()
        page.keyboard.type("科技")
        page.locator("[data-chosen] summary").nth(1).click()
        page.locator("[data-chosen] details[open] label").first.click()
        page.locator("[data-chosen] summary").nth(4).click()
        page.locator("[data-chosen] details[open] label").first.click()
        page.locator(".query-foot .btn-primary").click()
        asked(page)

    def by_keys(page: Page, recorder: Recorder) -> None:
        page.keyboard.press("f")
        expect(page.locator(".condition input[type=text]").first).to_be_focused()
        page.keyboard.type("科技")
        for steps in (2, 3):
            for _ in range(steps):
                page.keyboard.press("Alt+ArrowDown")
            page.keyboard.press("Enter")
            expect(page.locator("[data-chosen] details[open] :focus")).to_be_attached()
            page.keyboard.press("Space")
        page.keyboard.press("Enter")
        asked(page)

    def asked(page: Page) -> None:
        expect(page.locator(".chips li")).to_have_count(3)
        expect(page.locator("tbody a.open")).to_have_text(["上海华信科技"])
        expect(page.locator("#advanced")).to_be_focused()

    bench.run("T9 advanced query on three fields", people.alice, LIST, by_mouse, by_keys, lambda: None)


def test_the_panel_has_groups_and_works_on_a_phone(visit: Visit, people: People) -> None:
    make.customer(people.alice, name="上海华信科技", phone="021-58881234")
    make.customer(people.alice, name="北京腾达")
    page = visit(people.alice, PHONE, LIST)
    page.locator("#advanced").click()
    page.get_by_role("button", name="条件组").click()
    group = page.locator(".query-group")
    group.get_by_label("字段").select_option("phone")
    expect(group.get_by_label("比较方式")).to_have_value("has")
    group.get_by_label("比较方式").select_option("empty")
    expect(group.locator(".condition-value input")).to_have_count(0)
    group.get_by_role("button", name="条件", exact=True).click()
    expect(group.locator(".condition")).to_have_count(2)
    group.get_by_label("字段").nth(1).select_option("created_at")
    group.locator("[data-period]").select_option("last")
    group.get_by_label("天数").fill("7")
    assert findings(page) == []
    page.get_by_role("button", name="查询").click()
    expect(page.locator(".chips li")).to_contain_text("电话 为空 或 创建时间 最近 7 天")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.locator("#advanced").click()
    expect(page.locator(".query-group .condition")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.locator(".query")).to_have_count(0)
    expect(page.locator("#advanced")).to_be_focused()


def test_columns_are_ordered_by_keys_and_views_managed(visit: Visit, people: People) -> None:
    for number in range(60):
        make.customer(people.alice, name=f"客户{number:02}", region="上海")
    page = visit(people.alice, DESKTOP, f"{LIST}?q=客户")
    expect(page.locator(".list-count")).to_have_text("共 60 条")
    page.get_by_role("button", name="更多").click()
    page.get_by_role("menuitem", name="列").click()
    row = page.locator(".column-list li").filter(has_text="地区")
    row.get_by_role("checkbox").check()
    up = row.get_by_role("button", name="上移")
    up.focus()
    for _ in range(20):
        page.keyboard.press("Enter")
    expect(up).to_be_focused()
    page.locator("#columns-frozen").select_option("2")
    assert findings(page) == []
    page.locator("#dialog .btn-primary").click()
    expect(page.locator("thead th").nth(2)).to_have_text("地区")
    assert page.locator("tbody td:nth-child(3)").first.evaluate("cell => getComputedStyle(cell).position") == "sticky"

    page.keyboard.press("v")
    expect(page.locator("#view_name")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#views [aria-current=page]")).to_contain_text("60")
    page.get_by_role("button", name="更多").click()
    page.get_by_role("menuitem", name="管理视图").click()
    assert findings(page) == []
    page.locator("#dialog").get_by_role("button", name="操作").click()
    page.get_by_role("menuitem", name="删除视图").click()
    expect(page.locator("#dialog")).to_contain_text("还没有视图")
    expect(page.locator("#views nav")).to_have_count(0)


def test_select_all_waits_for_no_count_and_coming_back_finds_the_place(visit: Visit, people: People) -> None:
    for number in range(60):
        make.customer(people.alice, name=f"客户{number:02}")
    page = visit(people.alice, DESKTOP, f"{LIST}?q=客户")
    page.get_by_label("选择整页").check()
    expect(page.locator("#bulk [data-all]")).to_have_text("选择全部 60 项")
    page.locator("#bulk [data-all]").click()
    expect(page.locator("#bulk")).to_contain_text("已选 60 项")
    page.get_by_role("button", name="取消选择").click()

    row = page.locator("tbody tr").nth(40)
    name = row.locator("a.open").inner_text()
    row.focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(name)
    page.go_back()
    expect(page.locator("tbody tr").nth(40)).to_be_focused()
    assert page.locator(".table-region").evaluate("region => region.scrollTop") > 300
    assert "q=" in page.url
