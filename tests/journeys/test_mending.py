"""After an import: mending what failed, going on with exactly its records, taking it back."""

from pathlib import Path

from playwright.sync_api import Page, expect

from crm.testing.browser import DESKTOP, PHONE
from crm.testing.people import People
from customers.models import Customer
from tests.customers import make
from tests.exchange.tables import xlsx_of
from tests.journeys.conftest import Visit, work

LIST = "/customers/customer/"
KINDS = ("意向客户", "成交客户")


def upload_with_errors(page: Page, folder: Path) -> None:
    """A table of which three rows are wrong, imported to its end."""
    good = [[f"客户{n}", "意向客户", ""] for n in range(5)]
    wrong = [["苏州园林", "意象客户", ""], ["", "意向客户", "13800000001"], ["无锡机械", "意象客户", ""]]
    (folder / "客户.xlsx").write_bytes(xlsx_of(["公司名称", "客户种类", "联系电话"], *good, *wrong))
    page.locator("input[type=file]").set_input_files(folder / "客户.xlsx")
    page.locator("#import-start").click()
    expect(page.locator("#import-progress progress")).to_be_visible()
    work()
    expect(page.get_by_role("heading", name="导入完成")).to_be_visible()


def test_failed_rows_are_mended_in_place_and_the_import_is_taken_back(
    visit: Visit, watch: object, people: People, tmp_path: Path
) -> None:
    for label in KINDS:
        make.option("customers.kind", label)
    watch.allow(422)  # type: ignore[attr-defined]
    page = visit(people.alice, DESKTOP, f"{LIST}import/")
    upload_with_errors(page, tmp_path)
    page.get_by_role("link", name="处理失败行").click()
    first = page.get_by_label("第 7 行，客户种类")
    expect(first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("第 8 行，客户名称")).to_be_focused()
    page.get_by_role("button", name="重新导入").click()
    expect(page.get_by_role("alert")).to_contain_text("都还没有改对")
    page.get_by_label("第 8 行，客户名称").fill("常州电缆")
    page.get_by_text("整列替换").click()
    page.locator("select[name=column]").select_option(label="客户种类")
    page.get_by_label("原来的值").fill("意象客户")
    page.get_by_label("改为").fill("成交客户")
    page.get_by_role("button", name="替换", exact=True).click()
    expect(page.get_by_text("已替换 2 行")).to_be_visible()
    expect(page.locator(".fix-table [aria-invalid=true]")).to_have_count(0)
    page.get_by_role("button", name="重新导入").click()
    expect(page.locator("#import-progress progress")).to_be_visible()
    work()
    expect(page.get_by_role("heading", name="导入完成")).to_be_visible()
    assert Customer.objects.count() == 8
    assert Customer.objects.get(name="常州电缆").phone == "13800000001"

    make.customer(people.alice, name="别的客户")
    page.get_by_role("link", name="只看这些记录").click()
    expect(page.locator("#list")).to_contain_text("常州电缆")
    expect(page.locator("#list")).not_to_contain_text("别的客户")
    page.go_back()

    page.locator(".undo-import summary").click()
    page.get_by_role("button", name="撤销导入").click()
    expect(page.locator("#import-progress progress")).to_be_visible()
    work()
    expect(page.get_by_role("heading", name="导入已撤销")).to_be_visible()
    assert set(Customer.objects.alive().values_list("name", flat=True)) == {"别的客户"}
    page.goto("/exchange/imports/")
    expect(page.get_by_role("row").filter(has_text="客户.xlsx")).to_contain_text("已撤销 8 行")


def test_the_grid_and_the_lists_fit_a_phone(visit: Visit, people: People, tmp_path: Path) -> None:
    make.option("customers.kind", "意向客户")
    page = visit(people.alice, PHONE, f"{LIST}import/")
    upload_with_errors(page, tmp_path)
    page.get_by_role("link", name="处理失败行").click()
    expect(page.get_by_label("第 7 行，客户种类")).to_be_focused()
    page.goto("/exchange/imports/")
    expect(page.get_by_role("link", name="客户.xlsx")).to_be_visible()
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width <= 0
