"""`make screenshots`: the pictures of README.md, taken of the demo company on a database of its own."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "crm.settings"
os.environ["TEST_DATABASE_NAME"] = "crm_screenshots"
os.environ["STATICFILES_STORAGE"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
os.environ["CONN_MAX_AGE"] = "0"  # else the server's threads hold the database when it is to go
django.setup()

import openpyxl  # noqa: E402
from django.contrib.staticfiles.handlers import StaticFilesHandler  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test.testcases import LiveServerThread  # noqa: E402
from PIL import Image  # noqa: E402
from playwright.sync_api import Browser, Page, expect  # noqa: E402

from crm import embedded  # noqa: E402
from crm.org.models import User  # noqa: E402
from crm.testing.browser import DESKTOP, PHONE, Device, browser, open_context, sign_in  # noqa: E402
from customers.models import Customer  # noqa: E402

FOLDER = Path(__file__).resolve().parent.parent / "docs/images"
COLOURS = 128  # enough for pages without photographs; the files are half as large
LIST, POOL = "/customers/customer/", "/customers/pool/"
TABLE = (
    ("客户名称", "电话", "客户种类", "来源", "地区"),
    ("平安银行股份有限公司", "0755-22168888", "意向客户", "展会", "深圳"),
    ("万  科Ａ企业股份有限公司", "0755-25606666", "意向客户", "展会", "深圳"),
    ("比亚迪股份有限公司", "0755-89888888", "成交客户", "网上找的", "深圳"),
    ("科大讯飞股份有限公司", "0551-65331880", "意向客户", "展会", "合肥"),
    ("", "0851-22386002", "意向客户", "展会", "遵义"),
)


def main() -> None:
    """Take all pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with demo_site() as site, browser() as running:
        manager, seller = User.objects.get(username="wangfang"), User.objects.get(username="zhangwei")
        page = opened(running, site, manager)
        a_list(page)
        assigning(page)
        an_import(opened(running, site, User.objects.get(username="hejing")))
        messages(opened(running, site, manager))
        a_customer(opened(running, site, seller), seller, "customer")
        a_customer(opened(running, site, seller, theme="dark"), seller, "customer-dark")
        a_phone(opened(running, site, seller, PHONE), seller)


@contextmanager
def demo_site() -> Iterator[str]:
    """The address of the product with the demo company in a database that is gone afterwards."""
    embedded.start()
    own = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        call_command("demo", stdout=StringIO())
        server = LiveServerThread("localhost", StaticFilesHandler)
        server.daemon = True
        server.start()
        server.is_ready.wait()
        try:
            yield f"http://localhost:{server.port}"
        finally:
            server.terminate()
    finally:
        connection.creation.destroy_test_db(own, verbosity=0)


def opened(running: Browser, site: str, user: User, device: Device = DESKTOP, theme: str = "light") -> Page:
    """A browser of this user."""
    context = open_context(running, site, device, theme)
    sign_in(context, user, site)
    return context.new_page()


def a_list(page: Page) -> None:
    """The list with a row's menu."""
    page.goto(LIST)
    page.locator("tbody tr").nth(3).locator("td.extra").first.click(button="right")
    expect(page.locator("#row-menu [role=menuitem]").first).to_be_visible()
    keep(page, "list")


def assigning(page: Page) -> None:
    """The pool, and the dialog that assigns selected customers."""
    page.goto(POOL)
    for number in range(3):
        page.locator("tbody input[type=checkbox]").nth(number).check()
    page.locator("#bulk").get_by_role("button", name="分配").click()
    expect(page.locator("#dialog form")).to_be_visible()
    keep(page, "assign")


def an_import(page: Page) -> None:
    """What an import would do with each row."""
    page.goto(f"{POOL}import/")
    book = openpyxl.Workbook()
    for row in TABLE:
        book.worksheets[0].append(row)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "展会名单.xlsx"
        book.save(file)
        page.locator("#wizard input[type=file]").set_input_files(file)
        expect(page.locator("#import-start")).to_be_visible()
    keep(page, "import")


def messages(page: Page) -> None:
    """The bell, opened."""
    page.goto(LIST)
    page.locator("#bell-open").click()
    expect(page.locator("#drawer .message").first).to_be_visible()
    keep(page, "messages")


def a_customer(page: Page, seller: User, name: str) -> None:
    """The 360 page of the customer with the longest history, at its follow-ups."""
    page.goto(f"{LIST}{_told_most(seller)}/?tab=customerfollowup")
    keep(page, name)


def a_phone(page: Page, seller: User) -> None:
    """List and customer on a phone."""
    page.goto(LIST)
    keep(page, "phone-list")
    page.goto(f"{LIST}{_told_most(seller)}/?tab=customerfollowup")
    keep(page, "phone-customer")


def _told_most(seller: User) -> int:
    customers = Customer.objects.visible_to(seller).filter(owner=seller)
    return max(customers, key=lambda customer: customer.follow_ups.count()).pk


def keep(page: Page, name: str) -> None:
    """Write the picture, in few colours, once the page has come to rest."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)
    file = FOLDER / f"{name}.png"
    page.screenshot(path=file)
    Image.open(file).convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE).save(file, optimize=True)
    print(f"docs/images/{name}.png")


if __name__ == "__main__":
    main()
