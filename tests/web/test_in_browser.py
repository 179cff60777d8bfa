"""What only a browser shows of the shell and the lists: input methods, focus, panels, notices."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from crm.org.accounts import end_sessions
from crm.testing.browser import Watch, browser, open_context, sign_in
from crm.testing.people import People, make_people
from tests.customers import make

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey]
LIST = "/customers/customer/"


@pytest.fixture
def people(transactional_db: None) -> People:
    return make_people()


@pytest.fixture(scope="module")
def chromium(django_db_setup: None) -> Iterator[Browser]:
    with browser() as running:
        yield running


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def context(chromium: Browser, people: People, live_server: Any, watch: Watch) -> Iterator[BrowserContext]:
    """Alice's browser; a complaint of a page fails the test."""
    context = open_context(chromium, live_server.url)
    watch.follow(context)
    sign_in(context, people.alice, live_server.url)
    yield context
    context.close()
    assert watch.complaints == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def compose(page: Page, text: str) -> None:
    """Type through an input method, leaving the text marked as not yet chosen."""
    page.context.new_cdp_session(page).send(
        "Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
    )


def test_a_search_waits_until_the_input_method_is_done(page: Page, people: People) -> None:
    for name in ("腾达软件", "华信科技"):
        make.customer(people.alice, name=name)
    page.goto(LIST)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "?q=" in request.url else None)
    page.locator("#words").focus()

    compose(page, "teng")
    page.wait_for_timeout(600)
    assert asked == []

    page.keyboard.insert_text("腾达")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page).to_have_url(f"{LIST}?q=腾达".replace("腾达", "%E8%85%BE%E8%BE%BE"))


def test_the_enter_that_ends_a_composition_does_not_submit(page: Page, context: BrowserContext, people: People) -> None:
    page.goto("/account/")
    loads: list[str] = []
    page.on("framenavigated", lambda frame: loads.append(frame.url))
    page.get_by_label("旧密码").focus()
    # Some input methods send this key after composition has ended.
    confirm = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229, "text": "\r"}
    session = context.new_cdp_session(page)
    for kind in ("keyDown", "keyUp"):
        session.send("Input.dispatchKeyEvent", {"type": kind, **confirm})
    page.wait_for_timeout(300)
    assert loads == []

    page.keyboard.press("Enter")
    page.wait_for_url("/account/")


def test_a_press_on_the_words_beside_a_box_of_a_filter_chooses_it(page: Page, people: People) -> None:
    won = make.option("customers.kind", "成交客户")
    make.customer(people.alice, name="腾达软件", kind=won)
    make.customer(people.alice, name="华信科技")
    page.goto(LIST)
    page.locator("#words").click()
    page.locator("summary").filter(has_text="客户种类").click()
    page.locator(".pop label").filter(has_text="成交客户").click(position={"x": 80, "y": 10})
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.get_by_label("条件")).to_contain_text("客户种类: 成交客户")
    expect(page.locator("summary").filter(has_text="客户种类").locator("xpath=..")).to_have_attribute("open", "")

    page.keyboard.press("Escape")
    expect(page.locator("summary").filter(has_text="客户种类")).to_be_focused()
    page.get_by_role("link", name="移除客户种类").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator(".pop input:checked")).to_have_count(0)


def test_a_row_that_leaves_the_list_hands_its_focus_on(page: Page, people: People) -> None:
    for name in ("甲公司", "乙公司", "丙公司"):
        make.customer(name=name)
    page.goto("/customers/pool/")
    rows = page.locator("tbody tr")
    rows.nth(1).focus()
    last = rows.nth(2).get_attribute("data-pk")
    page.keyboard.press("c")
    expect(rows).to_have_count(2)
    expect(page.locator(f'tr[data-pk="{last}"]')).to_be_focused()
    expect(page.get_by_role("status").first).not_to_be_empty()


def test_all_matching_rows_are_chosen_as_one_flag(page: Page, people: People) -> None:
    for number in range(23):
        make.customer(people.alice, name=f"客户{number:02}")
    page.goto(f"{LIST}?size=20")
    boxes = page.locator("tbody input[name=ids]")
    boxes.nth(2).click()
    boxes.nth(5).click(modifiers=["Shift"])
    expect(page.locator("#bulk")).to_contain_text("已选 4 项")
    page.get_by_label("选择整页").click()
    page.get_by_role("button", name="选择全部 23 项").click()
    expect(page.locator("#bulk")).to_contain_text("已选 23 项")
    chosen = "Array.from(new FormData(document.getElementById('selection')).keys()).includes('all')"
    assert page.evaluate(chosen)
    boxes.nth(0).click()
    expect(page.locator("#bulk")).to_contain_text("已选 19 项")
    assert not page.evaluate(chosen)


def test_a_session_that_ended_leads_to_signing_in_and_back(page: Page, people: People, watch: Watch) -> None:
    watch.allow(401)
    make.customer(people.alice, name="腾达软件")
    page.goto(f"{LIST}?sort=name")
    end_sessions(people.alice)
    page.locator("#words").fill("腾达")
    page.wait_for_url("**/sign-in/?next=**")
    page.get_by_label("用户名").fill("alice")
    page.get_by_label("密码").fill("correct horse battery")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{LIST}?sort=name")


def test_a_server_out_of_reach_is_told(page: Page, context: BrowserContext, watch: Watch) -> None:
    page.goto(LIST)
    context.set_offline(True)
    page.locator("#words").fill("腾达")
    expect(page.locator("c-toast")).to_contain_text("无法连接服务器")
    watch.complaints.clear()


def test_single_letters_can_be_switched_off(page: Page, people: People) -> None:
    make.customer(people.alice)
    page.goto("/account/")
    page.get_by_label("单字母快捷键").select_option("off")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("c-toast")).to_contain_text("已保存")
    page.goto(LIST)
    page.locator("tbody tr").focus()
    for key in ("n", "/", "x", "l"):
        page.keyboard.press(key)
    page.wait_for_timeout(200)
    expect(page.locator("#drawer")).to_be_hidden()
    expect(page.locator("#bulk")).to_be_hidden()
    expect(page.locator("tbody tr")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator("#bulk")).to_be_visible()


def test_the_navigation_stays_folded(page: Page) -> None:
    page.goto(LIST)
    page.keyboard.press("Control+b")
    expect(page.locator("#nav-toggle")).to_have_attribute("aria-expanded", "false")
    page.goto("/account/")
    assert page.locator("html").get_attribute("data-nav") == "folded"
    assert page.locator("#nav").evaluate("nav => nav.offsetWidth") == 56


def test_the_browsers_own_menu_stays_with_links_and_shift(page: Page, people: People) -> None:
    make.customer(people.alice, name="腾达软件")
    page.goto(LIST)
    menu = page.locator("#row-menu [role=menu]")
    page.get_by_role("link", name="腾达软件").click(button="right")
    page.keyboard.press("Escape")
    page.locator("tbody td.extra").last.click(button="right", modifiers=["Shift"])
    page.wait_for_timeout(300)
    expect(menu).to_be_hidden()
    page.locator("tbody td.extra").last.click(button="right")
    expect(menu).to_be_visible()
