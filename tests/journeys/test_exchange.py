"""A list comes in from a file and goes out to one."""

import csv
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from crm.exchange import exporting, importing
from crm.exchange.models import Export, Import
from crm.testing.browser import DESKTOP, PHONE
from crm.testing.people import People
from customers.models import Customer
from tests.customers import make
from tests.exchange.tables import csv_of, xlsx_of
from tests.journeys.conftest import Visit, work

POOL, LIST = "/customers/pool/", "/customers/customer/"
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def start(page: Page) -> None:
    """Begin the import that is being checked."""
    page.locator("#import-start").click()
    expect(page.locator("#import-progress progress")).to_be_visible()


def test_the_listed_companies_go_into_the_pool(visit: Visit, people: People) -> None:
    path = DATA / "a-share-companies.csv"
    if not path.exists():
        pytest.skip("the list of companies is not beside this checkout")
    page = visit(people.root, DESKTOP, POOL)
    page.get_by_role("link", name="导入", exact=True).click()
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_text("指明哪一列是：客户名称")).to_be_visible()
    page.get_by_label("stock_code").select_option(label="备注")
    expect(page.locator("#field-0[data-chosen]")).to_be_visible()
    page.get_by_label("short_name").select_option(label="客户名称 *")
    expect(page.locator(".check-table")).to_contain_text("万  科Ａ")
    expect(page.locator(".wizard-head")).to_contain_text("新增 1000")
    page.get_by_role("button", name="开始导入 5640 行").click()
    expect(page.get_by_role("heading", name="正在导入 0 / 5640")).to_be_visible()
    work()
    expect(page.get_by_role("heading", name="导入完成")).to_be_visible()
    with path.open() as file:
        names = {row["short_name"].strip() for row in csv.DictReader(file)}
    assert set(Customer.objects.values_list("name", flat=True)) == names


def test_the_template_is_filled_in_and_the_failed_rows_are_mended(visit: Visit, people: People, tmp_path: Path) -> None:
    make.option("customers.kind", "意向客户")
    page = visit(people.alice, DESKTOP, f"{LIST}import/")
    page.get_by_label("客户种类").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="生成模板").click()
    download.value.save_as(tmp_path / "模板.xlsx")
    book = openpyxl.load_workbook(tmp_path / "模板.xlsx")
    sheet = book.worksheets[0]
    columns = {str(cell.value).removesuffix(" *"): cell.column for cell in sheet[1]}
    for row, (name, kind) in enumerate([("苏州园林", "意向客户"), ("无锡机械", "没有的种类")], 3):
        sheet.cell(row, columns["客户名称"]).value = name
        sheet.cell(row, columns["客户种类"]).value = kind
    book.save(tmp_path / "模板.xlsx")

    page.locator("input[type=file]").set_input_files(tmp_path / "模板.xlsx")
    expect(page.locator(".check-wrong")).to_have_text("没有的种类")
    start(page)
    work()
    expect(page.get_by_text("第 4 行「客户种类」没有“没有的种类”这一项，可填：意向客户")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="下载错误文件").click()
    assert download.value.suggested_filename == "模板_未导入.xlsx"
    download.value.save_as(tmp_path / "错误.xlsx")
    book = openpyxl.load_workbook(tmp_path / "错误.xlsx")
    sheet = book.worksheets[0]
    heads = [cell.value for cell in sheet[1]]
    assert sheet.max_row == 2
    assert heads[0] == "错误原因"
    sheet.cell(2, heads.index("客户种类") + 1).value = "意向客户"
    book.save(tmp_path / "错误.xlsx")

    page.get_by_role("link", name="再导入一个文件").click()
    page.locator("input[type=file]").set_input_files(tmp_path / "错误.xlsx")
    expect(page.locator(".wizard-head")).to_contain_text("新增 1")
    start(page)
    work()
    expect(page.get_by_role("heading", name="导入完成")).to_be_visible()
    assert set(Customer.objects.values_list("name", flat=True)) == {"苏州园林", "无锡机械"}


def test_a_file_that_cannot_be_read_is_told_and_another_is_taken(
    visit: Visit, watch: object, people: People, tmp_path: Path
) -> None:
    (tmp_path / "网页.xlsx").write_text("<html>")
    (tmp_path / "客户.csv").write_bytes(csv_of(["客户名称"], ["苏州园林"]))
    watch.allow(422)  # type: ignore[attr-defined]
    page = visit(people.alice, PHONE, f"{LIST}import/")
    page.locator("input[type=file]").set_input_files(tmp_path / "网页.xlsx")
    expect(page.get_by_role("alert")).to_contain_text("文件其实是网页")
    assert Import.objects.count() == 0
    page.locator("input[type=file]").set_input_files(tmp_path / "客户.csv")
    start(page)
    work()
    expect(page.get_by_role("heading", name="导入完成")).to_be_visible()


def test_the_rule_for_duplicates_changes_the_preview(visit: Visit, people: People, tmp_path: Path) -> None:
    make.customer(people.alice, name="苏州园林", phone="021-58880001")
    (tmp_path / "客户.xlsx").write_bytes(xlsx_of(["客户名称", "电话"], ["苏州园林", "021-58880002"]))
    page = visit(people.alice, DESKTOP, f"{LIST}import/")
    page.locator("input[type=file]").set_input_files(tmp_path / "客户.xlsx")
    verdict = page.locator(".check-verdict").last
    expect(verdict).to_contain_text("重复")
    page.get_by_label("更新").check()
    expect(verdict).to_contain_text("更新")
    page.get_by_label("仍然新增").check()
    expect(verdict).to_contain_text("新增")
    page.get_by_label("更新").check()
    expect(verdict).to_contain_text("更新")
    start(page)
    work()
    expect(page.get_by_role("heading", name="导入完成")).to_be_visible()
    assert Customer.objects.get().phone == "021-58880002"


def test_a_selection_and_a_query_are_exported(visit: Visit, people: People, tmp_path: Path) -> None:
    for name in ("苏州园林", "=1+1", "无锡机械"):
        make.customer(people.alice, name=name)
    page = visit(people.alice, DESKTOP, LIST)
    page.get_by_role("row").filter(has_text="=1+1").get_by_role("checkbox").check()
    page.locator("#bulk").get_by_role("button", name="导出").click()
    expect(page.get_by_text("所选 1 条记录")).to_be_visible()
    page.locator("#dialog").get_by_label("文本表格 (.csv)").check()
    with page.expect_download() as download:
        page.locator("#dialog").get_by_role("button", name="导出").click()
    download.value.save_as(tmp_path / "x.csv")
    rows = list(csv.DictReader((tmp_path / "x.csv").open(encoding="utf-8-sig")))
    assert [row["客户名称"] for row in rows] == ["'=1+1"]
    expect(page.locator("#dialog")).not_to_be_visible()

    page.locator("#words").fill("苏州")
    expect(page.get_by_text("无锡机械")).to_have_count(0)
    page.locator("#export").click()
    expect(page.get_by_text("当前查询的全部 1 条记录")).to_be_visible()
    page.locator("#dialog").get_by_label("Excel 工作簿 (.xlsx)").check()
    with page.expect_download() as download:
        page.locator("#dialog").get_by_role("button", name="导出").click()
    download.value.save_as(tmp_path / "x.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx").worksheets[0]
    heads = [cell.value for cell in sheet[1]]
    assert sheet.cell(2, heads.index("客户名称") + 1).value == "苏州园林"
    assert sheet.max_row == 2
    assert [(e.rows, e.selection is not None) for e in Export.objects.order_by("pk")] == [(1, True), (1, False)]


def test_a_large_export_runs_in_the_background(
    visit: Visit, people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "AT_ONCE", 1)
    for name in ("苏州园林", "无锡机械"):
        make.customer(people.alice, name=name)
    page = visit(people.alice, DESKTOP, LIST)
    page.locator("#export").click()
    page.locator("#dialog").get_by_role("button", name="导出").click()
    expect(page.locator("c-toast")).to_contain_text("正在后台导出")
    work()
    page.goto("/messages/?tab=jobs")
    with page.expect_download() as download:
        page.get_by_role("link", name="下载").click()
    download.value.save_as(tmp_path / "x.xlsx")
    assert openpyxl.load_workbook(tmp_path / "x.xlsx").worksheets[0].max_row == 3


def test_an_import_is_cancelled_from_its_page(
    visit: Visit, people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 1)
    (tmp_path / "客户.csv").write_bytes(csv_of(["客户名称"], *([f"客户{n}"] for n in range(5))))
    page = visit(people.alice, DESKTOP, f"{LIST}import/")
    page.locator("input[type=file]").set_input_files(tmp_path / "客户.csv")
    start(page)
    page.locator("#import-cancel").click()
    expect(page.get_by_role("heading", name="导入已取消")).to_be_visible()
    expect(page.get_by_text("还有 5 行未处理。")).to_be_visible()
    work()
    assert Customer.objects.count() == 0
