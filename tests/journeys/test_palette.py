"""The palette in the browser: from any page, by keyboard, with an input method, on a phone."""

import re
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from crm.testing.browser import DESKTOP, PHONE, Device, Recorder, sign_in
from crm.testing.people import People
from customers.models import Customer
from tests.customers import make
from tests.journeys.axe import findings
from tests.journeys.budget import BUDGET, overruns
from tests.journeys.conftest import Visit

LIST, POOL, ANY = "/customers/customer/", "/customers/pool/", "/account/"
NAME = "上海华信科技有限公司"
# Types faster than any machine is slow.
BURST = """(box, text) => [...text].forEach((letter) => {
  box.value += letter;
  box.dispatchEvent(new InputEvent("input", {bubbles: true}));
})"""


@pytest.fixture
def customer(people: People) -> Customer:
    """The customer to find, among others."""
    for name in ("宁波舜拓饮品股份有限公司", "苏州园林建设有限公司", "上海虹桥酒店"):
        make.customer(people.alice, name=name)
    return make.customer(people.alice, name=NAME, phone="021-58881234")


def chosen(page: Page, text: str) -> None:
    """The line that Enter would open."""
    expect(page.locator("#palette [aria-selected=true]")).to_contain_text(text)


def test_finding_from_any_page_stays_within_its_limits(visit: Visit, people: People, customer: Customer) -> None:
    """T2: two steps to the first result, one more to its page."""
    taken: dict[str, dict[str, float]] = {}
    for by_mouse in (True, False):
        page = visit(people.alice, DESKTOP)
        recorder = Recorder(page)
        page.goto(ANY)
        expect(page.locator("#bell-state[data-newest]")).to_be_attached()
        recorder.start()
        page.locator(".palette-open").click() if by_mouse else page.keyboard.press("Control+k")
        expect(page.locator("#palette-words")).to_be_focused()
        page.keyboard.type("shhx")
        expect(page.locator("#palette [role=option]").first).to_contain_text(NAME)
        found = recorder.counts()
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text(NAME)
        opened = recorder.counts()
        for name, (pressed, typed, loads) in (("T2 find from any page", found), ("T2 find and open", opened)):
            row = taken.setdefault(name, {"I": pressed, "K": typed, "L": loads})
            row |= {"K": typed, "L": max(row["L"], loads)}
    assert overruns("Task", BUDGET["tasks"], taken) == ""


def test_one_request_for_each_burst_and_no_old_answer_over_a_newer_one(
    visit: Visit, people: People, customer: Customer
) -> None:
    page = visit(people.alice, DESKTOP, ANY)
    page.keyboard.press("Control+k")
    expect(page.locator(".palette-none")).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/search/" in request.url else None)
    page.locator("#palette-words").evaluate(BURST, "shanghaihuaxin")
    chosen(page, NAME)
    assert len(asked) == 1, asked
    # The answer to "szyl" is held back until the one to "nbst" has come.
    held = []
    page.route("**/search/?q=szyl*", lambda route: held.append(route))
    page.locator("#palette-words").fill("szyl")
    page.wait_for_timeout(300)
    page.locator("#palette-words").fill("nbst")
    chosen(page, "宁波舜拓")
    assert len(held) == 1
    with suppress(Error):  # the browser may have given the request up already
        held[0].continue_()
    page.wait_for_timeout(300)
    chosen(page, "宁波舜拓")


def test_enter_waits_for_the_answer_to_what_was_typed(visit: Visit, people: People, customer: Customer) -> None:
    page = visit(people.alice, DESKTOP, ANY)
    page.keyboard.press("Control+k")
    page.keyboard.type("szyl")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("苏州园林建设有限公司")


def test_an_input_methods_enter_chooses_nothing(visit: Visit, people: People, customer: Customer) -> None:
    page = visit(people.alice, DESKTOP, ANY)
    page.keyboard.press("Control+k")
    box = page.locator("#palette-words")
    expect(page.locator(".palette-none")).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/search/" in request.url else None)
    devices = page.context.new_cdp_session(page)
    for typed in ("h", "hua", "huaxin"):
        devices.send(
            "Input.imeSetComposition", {"text": typed, "selectionStart": len(typed), "selectionEnd": len(typed)}
        )
    page.wait_for_timeout(300)
    assert asked == [], "what is being composed is not asked for"
    devices.send("Input.insertText", {"text": "华信"})
    # Some input methods send the confirming Enter after the composition has ended, as key 229.
    late = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229, "nativeVirtualKeyCode": 229}
    devices.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **late})
    devices.send("Input.dispatchKeyEvent", {"type": "keyUp", **late})
    chosen(page, NAME)
    expect(box).to_have_value("华信")
    assert page.url.endswith(ANY) and len(asked) == 1
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(NAME)


def test_tab_lists_the_actions_of_a_record_and_runs_them(visit: Visit, people: People, customer: Customer) -> None:
    idle = make.customer(name="无锡精密机械有限公司")
    page = visit(people.alice, DESKTOP, LIST)
    page.keyboard.press("Control+k")
    page.keyboard.type("wxjm")
    chosen(page, idle.name)
    page.keyboard.press("Tab")
    expect(page.locator(".palette-of")).to_have_text(idle.name)
    page.keyboard.type("获取")
    chosen(page, "获取")
    page.keyboard.press("Enter")
    expect(page.locator("c-toast")).to_contain_text("已获取")
    expect(page.locator("#palette")).to_be_hidden()
    expect(page.locator("tbody")).to_contain_text(idle.name)  # the list behind has loaded again
    page.keyboard.press("Control+k")
    page.keyboard.type("shhx")
    chosen(page, NAME)
    page.keyboard.press("Tab")
    page.keyboard.type("gj")
    chosen(page, "写跟进")
    page.locator("#palette-words").fill("")
    page.keyboard.press("Backspace")  # in the empty box: back to searching everything
    expect(page.locator(".palette-of")).to_be_hidden()
    page.keyboard.type("shhx")
    chosen(page, NAME)
    page.keyboard.press("Tab")
    page.keyboard.type("gj")
    chosen(page, "写跟进")
    page.keyboard.press("Enter")
    expect(page.locator("#drawer").get_by_label("跟进内容")).to_be_focused()


def test_escape_gives_the_focus_back(visit: Visit, people: People, customer: Customer) -> None:
    page = visit(people.alice, DESKTOP, LIST)
    row = page.locator("tbody tr").first
    row.focus()
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-words")).to_be_focused()
    page.keyboard.press("Escape")
    expect(row).to_be_focused()
    page.locator(".palette-open").click()
    page.keyboard.press("Escape")
    expect(page.locator(".palette-open")).to_be_focused()


def test_control_enter_opens_a_new_tab(visit: Visit, people: People, customer: Customer) -> None:
    page = visit(people.alice, DESKTOP, ANY)
    page.keyboard.press("Control+k")
    page.keyboard.type("shhx")
    chosen(page, NAME)
    with page.context.expect_page() as opened:
        page.keyboard.press("Control+Enter")
    expect(opened.value.locator("h1")).to_have_text(NAME)
    assert page.url.endswith(ANY)


def test_what_was_opened_last_is_offered_first(visit: Visit, people: People, customer: Customer) -> None:
    page = visit(people.alice, DESKTOP, f"{LIST}{customer.pk}/")
    page.goto(LIST)
    page.keyboard.press("Control+k")
    expect(page.locator("#palette .palette-head")).to_have_text(["最近打开", "本页动作"])
    chosen(page, NAME)
    kept = page.evaluate("JSON.stringify(localStorage)")
    assert str(customer.pk) in kept and NAME not in kept


def test_commands_run(visit: Visit, people: People) -> None:
    page = visit(people.alice, DESKTOP, LIST)

    def run(words: str, line: str) -> None:
        page.keyboard.press("Control+k")
        page.keyboard.type(words)
        chosen(page, line)
        page.keyboard.press("Enter")

    run(">xjkh", "新建客户")
    expect(page.locator("#drawer").get_by_label("客户名称")).to_be_focused()
    page.keyboard.press("Escape")
    run(">快捷键", "键盘快捷键")
    expect(page.locator("#help")).to_be_visible()
    expect(page.locator("#help")).to_contain_text("到“公海客户”")
    page.keyboard.press("Escape")
    run(">深色", "外观：深色")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert page.url.endswith(LIST)
    run(">领取", "打开公海客户")
    expect(page.locator("h1")).to_have_text("公海客户")
    run(">退出", "退出登录")
    expect(page).to_have_url(re.compile("/sign-in/"))


def test_g_and_a_letter_go_to_a_list(visit: Visit, people: People, customer: Customer) -> None:
    idle = make.customer(name="无锡精密机械有限公司")
    page = visit(people.alice, DESKTOP, POOL)
    page.locator("tbody tr").first.focus()
    page.keyboard.type("gc")  # C alone would claim the customer of this row
    expect(page.locator("h1")).to_have_text("我的客户")
    assert Customer.objects.get(pk=idle.pk).owner is None
    expect(page.locator("#bell-state[data-newest]")).to_be_attached()  # the scripts of the new page run
    page.keyboard.type("gp")
    expect(page.locator("h1")).to_have_text("公海客户")
    page.locator("#words").focus()
    page.keyboard.type("gc")
    expect(page.locator("#words")).to_have_value("gc")
    page.goto(LIST)
    page.evaluate("document.documentElement.dataset.keys = 'off'")
    page.keyboard.type("gp")
    page.wait_for_timeout(200)
    assert page.url.endswith(LIST)


def test_on_a_phone(visit: Visit, people: People, customer: Customer) -> None:
    page = visit(people.alice, PHONE, LIST)
    page.locator(".palette-open").tap()
    expect(page.locator("#palette-words")).to_be_focused()
    page.keyboard.type("shhx")
    line = page.locator("#palette [role=option]").filter(has_text=NAME)
    expect(line).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert (line.bounding_box() or {})["height"] >= 44
    line.tap()
    expect(page.locator("h1")).to_have_text(NAME)


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_has_nothing_to_say(visit: Visit, people: People, customer: Customer, device: Device) -> None:
    page = visit(people.alice, device, f"{LIST}{customer.pk}/")
    wrong: list[str] = []

    def look(place: str) -> None:
        page.wait_for_timeout(100)
        wrong.extend(f"{place}: {line}" for line in findings(page))
        page.emulate_media(color_scheme="dark")
        wrong.extend(f"{place}, dark: {line}" for line in findings(page, "color-contrast"))
        page.emulate_media(color_scheme="light")

    page.locator(".palette-open").click()
    for words, ready in (
        ("", "本页动作"),
        ("shhx", NAME),
        (">", "打开公海客户"),
        ("@zw", "张伟"),
        ("zzqq", "没有找到"),
    ):
        page.locator("#palette-words").fill(words)
        expect(page.locator("#palette-found")).to_contain_text(ready)
        look(f"palette {words}")
    page.goto("/search/?q=华信")
    look("search page")
    assert "\n".join(wrong) == ""


def test_without_scripts(running: Browser, site: str, people: People, customer: Customer) -> None:
    context = running.new_context(base_url=site, locale="zh-CN", java_script_enabled=False)
    sign_in(context, people.alice, site)
    page = context.new_page()
    page.goto(ANY)
    page.locator(".palette-open").click()
    expect(page.locator("h1")).to_have_text("全局搜索")
    page.locator("main input[name=q]").fill("华信")
    page.locator("main form").get_by_role("button", name="搜索").click()
    page.get_by_role("link", name=NAME).click()
    expect(page.locator("h1")).to_have_text(NAME)
    context.close()
