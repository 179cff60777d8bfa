"""Every kind of page and every open layer, on a desk and a phone, light and dark: axe has nothing to say."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from crm.testing.browser import DESKTOP, PHONE, Device, Watch
from crm.testing.people import People
from customers.models import Customer
from tests.customers import make
from tests.exchange.tables import xlsx_of
from tests.journeys.axe import findings
from tests.journeys.conftest import Visit, work

LIST, POOL = "/customers/customer/", "/customers/pool/"
BROKEN_STRUCTURE = """() => [
  [document.querySelectorAll("h1").length === 1, "one h1"],
  [document.querySelectorAll("main").length === 1, "one main"],
  [document.documentElement.lang.startsWith("zh"), "lang"],
  [[...document.querySelectorAll("nav")].every((nav) => nav.ariaLabel), "labelled navs"],
  [document.documentElement.scrollWidth <= innerWidth, "nothing hangs over the edge"],
].filter(([right]) => !right).map(([, what]) => what)"""


class Audit:
    """Collects what is wrong over a walk, so that one run shows everything."""

    def __init__(self, page: Page) -> None:
        self.page, self.found = page, list[str]()

    def look(self, place: str) -> None:
        """The page as it stands, then its colours in the dark."""
        self.page.wait_for_timeout(100)
        self.found += [f"{place}: {line}" for line in findings(self.page)]
        self.found += [f"{place}: {line}" for line in self.page.evaluate(BROKEN_STRUCTURE)]
        self.page.emulate_media(color_scheme="dark")
        self.found += [f"{place}, dark: {line}" for line in findings(self.page, "color-contrast")]
        self.page.emulate_media(color_scheme="light")

    def visit(self, place: str, path: str) -> None:
        """A page as it opens, and once more at 320 pixels: only tables may scroll sideways."""
        self.page.goto(path)
        self.look(place)
        size = self.page.viewport_size
        assert size
        self.page.set_viewport_size({"width": 320, "height": 640})
        if self.page.evaluate("document.documentElement.scrollWidth > 320"):
            self.found.append(f"{place}: scrolls sideways at 320 pixels")
        self.page.set_viewport_size(size)


@pytest.fixture
def customer(people: People) -> Customer:
    """A customer with everything that its page shows, others around it, and a pool."""
    kind = make.option("customers.kind", "意向客户", colour="primary")
    made = make.customer(people.carol, name="上海华信科技有限公司", phone="021-58881234", kind=kind, customer_class="A")
    make.contact(made, people.carol, mobile="13812345678", email="chen@example.com")
    make.follow_up(made, people.carol)
    for name in ("宁波舜拓饮品股份有限公司", "苏州园林建设有限公司"):
        make.customer(people.carol, name=name)
    make.customer(name="无锡精密机械有限公司")
    return made


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_pages(visit: Visit, people: People, customer: Customer, watch: Watch, device: Device, tmp_path: Path) -> None:
    stranger = Audit(visit(device=device))
    stranger.visit("sign-in", "/sign-in/")
    watch.allow(404, 422)

    audit = Audit(visit(people.carol, device))
    record = f"{LIST}{customer.pk}/"
    pages = {
        "list": LIST,
        "pool": POOL,
        "no match": f"{LIST}?q=zzzz",
        "new": f"{LIST}new/",
        "edit": f"{record}edit/",
        "contacts of a customer": record,
        "follow-ups of a customer": f"{record}?tab=customerfollowup",
        "attachments": f"{record}?tab=attachments",
        "owners": f"{record}?tab=owners",
        "changes": f"{record}?tab=changes",
        "export": f"{LIST}export/",
        "import": f"{POOL}import/",
        "messages": "/messages/",
        "jobs": "/messages/?tab=jobs",
        "account": "/account/",
        "not found": f"{LIST}999999/",
    }
    for place, path in pages.items():
        audit.visit(place, path)

    page = audit.page
    page.goto(f"{POOL}import/")
    table = tmp_path / "客户.xlsx"
    table.write_bytes(xlsx_of(("客户名称", "电话"), ("平安银行股份有限公司", "0755-22168888"), ("", "不知道")))
    page.locator("#wizard input[type=file]").set_input_files(table)
    expect(page.locator("#import-start")).to_be_visible()
    audit.look("check of an import")
    page.locator("#import-start").click()
    expect(page.locator("#import-progress progress")).to_be_visible()
    audit.look("running import")
    work()
    expect(page.get_by_role("heading", name="导入完成")).to_be_visible()
    audit.look("finished import")
    assert "\n".join(stranger.found + audit.found) == ""


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_layers(visit: Visit, people: People, customer: Customer, watch: Watch, device: Device) -> None:
    watch.allow(422)
    audit = Audit(visit(people.carol, device, LIST))
    page = audit.page
    row = page.locator("tbody tr").filter(has_text=customer.name)

    def layer(place: str, shown: str, open_it: Callable[[], Any], close: bool = True) -> None:
        open_it()
        expect(page.locator(shown).first).to_be_visible()
        audit.look(place)
        if close:
            page.keyboard.press("Escape")
            expect(page.locator(shown).first).to_be_hidden()

    layer("row menu", "#row-menu [role=menuitem]", row.get_by_role("button").last.click)
    layer("account menu", ".topbar [role=menuitemradio]", page.locator(".avatar").click)
    if device is DESKTOP:
        layer("choices of a filter", ".pop label", page.get_by_text("客户种类", exact=True).first.click)
        layer("shortcuts", "#help", lambda: page.keyboard.press("?"))
        row.get_by_role("checkbox").check()
        layer("bulk bar", "#bulk", lambda: None, close=False)
        transfer = page.locator("#bulk").get_by_role("button", name="转移")
        layer("dialog of an action", "#dialog .ts-dropdown", transfer.click)  # the list of people opens first
        page.keyboard.press("Escape")
        expect(page.locator("#dialog form")).to_be_hidden()
        layer("deleting", "#dialog form", page.locator("#bulk").get_by_role("button", name="删除").click)
    layer("export", "#dialog form", page.locator("#export").click)
    layer("bell", "#drawer .message-content", page.locator("#bell-open").click)
    layer("drawer", "#drawer form", page.locator("#main .page-head .btn-primary").click, close=False)
    page.locator("#drawer").get_by_label("电话").fill("不知道")
    layer("unsaved changes", "dialog.leave", lambda: page.keyboard.press("Escape"))
    page.locator("#drawer").get_by_role("button", name="保存").click()
    layer("drawer with errors", "#drawer [role=alert]", lambda: None, close=False)
    page.locator("#drawer").get_by_label("客户名称").fill("上海华信科技")
    page.locator("#drawer").get_by_label("电话").fill("")
    expect(page.locator("#duplicates")).to_contain_text(customer.name)
    audit.look("duplicates")
    page.locator("#drawer").get_by_role("button", name="保存").click()
    layer("toast", ".toast-note", lambda: None, close=False)
    assert "\n".join(audit.found) == ""
