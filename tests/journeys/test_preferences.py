"""Each person's language and colours: in English no Chinese is left but data, and the dark is dark everywhere."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from crm.testing.browser import DESKTOP, Watch
from crm.testing.people import People
from customers.models import Customer
from tests.customers import make
from tests.exchange.tables import xlsx_of
from tests.journeys.conftest import Visit, work

LIST, POOL = "/customers/customer/", "/customers/pool/"
HAN = re.compile(r"[\u3400-\u9fff\u3000-\u303f\uff00-\uffef]")
# Everything that can be read, also by a screen reader; what names its own language is right as it is.
TEXTS = """() => {
  const texts = [document.title];
  for (const element of document.querySelectorAll("body *:not(script, template, [lang|=zh] *, [lang|=zh])")) {
    for (const name of ["aria-label", "title", "placeholder", "alt"]) texts.push(element.getAttribute(name) ?? "");
    if (element.matches("input[type=submit], input[type=button]")) texts.push(element.value);
    for (const node of element.childNodes) if (node.nodeType === Node.TEXT_NODE) texts.push(node.data.trim());
  }
  return texts.filter(Boolean);
}"""


def test_english_leaves_no_chinese(visit: Visit, people: People, watch: Watch, tmp_path: Path) -> None:
    customer = make.customer(people.carol, name="Huaxin", phone="021-58881234", customer_class="A")
    contact = make.contact(customer, people.carol, "Chen Jing", mobile="13812345678")
    make.follow_up(customer, people.carol, "Call", contact=contact)
    make.customer(name="Suzhou Gardens")
    watch.allow(404, 422)
    page = visit(people.carol, DESKTOP, LIST)
    found: list[str] = []

    def read(place: str) -> None:
        found.extend(f"{place}: {text[:80]}" for text in chinese(page, people))

    page.locator(".avatar").click()
    page.get_by_role("menuitemradio", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My customers")
    record = f"{LIST}{customer.pk}/"
    tabs = [f"{record}?tab={name}" for name in ("contact", "customerfollowup", "attachments", "owners", "changes")]
    pages = [LIST, POOL, f"{LIST}?q=zzzz", f"{LIST}new/", f"{record}edit/", *tabs, "/customers/contact/new/"]
    others = ["/customers/customerfollowup/", "/account/", "/messages/", f"{LIST}export/", f"{LIST}0/"]
    for path in [*pages, *others]:
        page.goto(path)
        read(path)

    page.goto(LIST)
    page.locator("tbody tr").get_by_role("button").last.click()
    expect(page.get_by_role("menuitem").first).to_be_focused()
    read("row menu")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.get_by_label("Customer name").fill("Huaxin")
    expect(page.locator("#duplicates")).to_contain_text("Huaxin")
    page.get_by_label("Phone").fill("?")
    page.locator("#drawer .save-bar .btn-primary").click()
    expect(page.locator("#drawer [role=alert]")).to_be_visible()
    read("drawer with errors")

    page.goto(f"{POOL}import/")
    read("import")
    table = tmp_path / "table.xlsx"
    table.write_bytes(xlsx_of(("Customer name", "Phone"), ("Pingan", "0755-22168888"), ("Vanke", "?")))
    page.locator("#wizard input[type=file]").set_input_files(table)
    expect(page.locator("#import-start")).to_be_visible()
    read("check of an import")
    page.locator("#import-start").click()
    expect(page.locator("#import-progress")).to_be_visible()
    work()
    expect(page.get_by_role("heading", name="Import finished")).to_be_visible()
    read("finished import")
    page.goto("/messages/?tab=jobs")
    read("jobs")
    page.goto("/messages/")
    expect(page.locator(".message")).to_have_count(1)
    read("a message")
    assert "\n".join(found) == ""


def chinese(page: Page, people: People) -> list[str]:
    """Texts with Chinese signs in them that name no person, department or role, nor the language itself."""
    names = ["简体中文", *sorted((str(name) for name in vars(people).values()), key=len, reverse=True)]
    found = []
    for text in page.evaluate(TEXTS):
        for name in names:
            text = text.replace(name, "")
        if HAN.search(text) and text not in {name[0] for name in names}:  # an avatar shows the first sign
            found.append(text)
    return found


def test_dark_stays_dark(visit: Visit, people: People) -> None:
    customer: Customer = make.customer(people.alice)
    page = visit(people.alice, DESKTOP, LIST)

    def brightness() -> float:
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in re.findall(r"\d+", colour)[:3]) / 3

    assert brightness() > 200
    page.locator(".avatar").click()
    page.get_by_role("menuitemradio", name="深色").click()
    for path in (LIST, f"{LIST}{customer.pk}/", "/messages/", "/account/"):
        page.goto(path)
        assert brightness() < 60
    assert visit(people.bob, DESKTOP, LIST).evaluate("document.documentElement.dataset.bsTheme") != "dark"
