"""The main story: from somebody's Excel table into the pool, to a salesperson, and out to Excel again."""

from pathlib import Path

import openpyxl
from playwright.sync_api import Page, expect

from crm.testing.browser import DESKTOP
from crm.testing.people import PASSWORD, People
from tests.customers import make
from tests.exchange.tables import xlsx_of
from tests.journeys.conftest import Visit, work

COMPANIES = (
    ("公司名称", "电话", "地区", "来源"),
    ("平安银行股份有限公司", "0755-22168888", "深圳", "展会"),
    ("万  科Ａ企业股份有限公司", "0755-25606666", "深圳", "展会"),
    ("比亚迪股份有限公司", "0755-89888888", "深圳", "老客户介绍"),
    ("科大讯飞股份有限公司", "0551-65331880", "合肥", "老客户介绍"),
    ("贵州茅台酒股份有限公司", "", "遵义", ""),
)


def test_from_a_table_to_a_customer_and_back(visit: Visit, people: People, tmp_path: Path) -> None:
    make.option("customers.source", "展会")
    make.option("customers.source", "老客户介绍")
    make.option("customers.follow_up_method", "电话")

    manager = visit(path="/")
    manager.get_by_label("用户名").fill("carol")
    manager.get_by_label("密码").fill(PASSWORD)
    manager.get_by_role("button", name="登录").click()
    expect(manager.get_by_role("heading", level=1)).to_have_text("公海客户")

    import_companies(manager, tmp_path / "客户.xlsx")
    assign(manager, ["平安银行股份有限公司", "科大讯飞股份有限公司"], "李娜")

    seller = visit(people.alice, DESKTOP, "/customers/pool/")
    expect(seller.locator("#bell-count")).to_contain_text("1")
    seller.locator("#bell-open").click()
    message = seller.locator("#drawer .message")
    expect(message).to_contain_text("王芳")
    expect(message).to_contain_text("2 个客户")
    message.get_by_role("link").click()
    expect(seller.get_by_role("heading", level=1)).to_have_text("我的客户")
    expect(seller.locator("tbody tr")).to_have_count(2)

    log_a_call(seller, "平安银行股份有限公司", "约好下周三演示")
    find(seller, "payh", "平安银行股份有限公司")
    find(seller, "1880", "科大讯飞股份有限公司")
    look_around(seller, "平安银行股份有限公司")
    claim(seller, "比亚迪股份有限公司")
    head, *rows = export(seller, tmp_path)
    assert sorted(str(row[head.index("客户名称")]) for row in rows) == [
        "平安银行股份有限公司",
        "比亚迪股份有限公司",
        "科大讯飞股份有限公司",
    ]


def import_companies(page: Page, file: Path) -> None:
    """Through the wizard: upload, see what would happen, import, see what has happened."""
    file.write_bytes(xlsx_of(*COMPANIES))
    page.get_by_role("link", name="导入", exact=True).click()
    page.locator("#wizard input[type=file]").set_input_files(file)
    preview = page.locator("#wizard")
    expect(preview.get_by_label("公司名称")).to_have_value("name")  # another word for it
    expect(preview.get_by_role("status").filter(has_text="新增 5")).to_be_visible()
    expect(preview.get_by_label("电话")).to_have_value("phone")
    page.locator("#import-start").click()
    expect(page.locator("#import-progress")).to_be_visible()
    work()
    expect(page.get_by_role("heading", name="导入完成")).to_be_visible()
    expect(page.locator("#import-progress dl")).to_contain_text("5")
    page.get_by_role("link", name="打开公海客户").click()
    expect(page.locator("tbody tr")).to_have_count(5)


def assign(page: Page, names: list[str], person: str) -> None:
    """Select rows, then give them to somebody from the bar."""
    for name in names:
        page.get_by_role("checkbox", name=name).check()
    expect(page.locator("#bulk")).to_contain_text(f"已选 {len(names)} 项")
    page.locator("#bulk").get_by_role("button", name="分配").click()
    dialog = page.locator("#dialog")
    for name in names:
        expect(dialog).to_contain_text(name)
    expect(dialog.locator(".ts-control input")).to_be_focused()
    dialog.get_by_role("combobox", name="负责人").fill(person)
    dialog.get_by_role("option", name=person).click()
    dialog.get_by_role("button", name="分配").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("tbody tr")).to_have_count(5 - len(names))


def log_a_call(page: Page, name: str, content: str) -> None:
    """In the drawer, from the row; the row then shows it."""
    row = page.locator("tbody tr").filter(has_text=name)
    row.get_by_role("button").last.click()
    page.get_by_role("menuitem", name="写跟进").click()
    drawer = page.locator("#drawer")
    drawer.get_by_label("跟进方式").select_option(label="电话")
    drawer.get_by_label("跟进内容").fill(content)
    page.keyboard.press("Control+Enter")
    expect(drawer).to_be_hidden()
    expect(row).to_contain_text(content)


def find(page: Page, words: str, name: str) -> None:
    """As one types, the list narrows to the one row."""
    page.keyboard.press("/")
    page.locator("#words").fill(words)
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr a.open")).to_have_text(name)


def look_around(page: Page, name: str) -> None:
    """The 360 page: a contact is added; follow-ups, owners and changes are there."""
    page.locator("#words").fill("")
    page.get_by_role("link", name=name).click()
    tabs = page.locator("#tabs")
    tabs.get_by_role("link", name="联系人", exact=True).click()
    tabs.get_by_role("link", name="新建联系人").click()
    drawer = page.locator("#drawer")
    drawer.get_by_label("姓名").fill("陈静")
    drawer.get_by_label("手机").fill("13812345678")
    drawer.get_by_role("button", name="保存").click()
    expect(tabs.get_by_role("link", name="13812345678")).to_be_visible()
    for tab, content in (("客户跟进 1", "约好下周三演示"), ("负责人变更 1", "王芳"), ("变更历史", "分配")):
        tabs.get_by_role("link", name=tab).click()
        expect(tabs.locator(".tab-body")).to_contain_text(content)


def claim(page: Page, name: str) -> None:
    """From the pool, by the row's menu; then it is among one's own."""
    page.get_by_role("link", name="公海客户").first.click()
    page.locator("tbody tr").filter(has_text=name).get_by_role("button", name="获取", exact=True).click()
    expect(page.get_by_role("link", name=name)).to_have_count(0)
    page.get_by_role("link", name="我的客户").first.click()
    expect(page.get_by_role("link", name=name)).to_be_visible()


def export(page: Page, folder: Path) -> list[tuple[object, ...]]:
    """The list as a workbook: its rows, the header first."""
    page.get_by_role("link", name="全部", exact=True).click()
    page.locator("#export").click()
    with page.expect_download() as download:
        page.locator("#dialog").get_by_role("button", name="导出").click()
    file = folder / download.value.suggested_filename
    assert file.suffix == ".xlsx"
    download.value.save_as(file)
    return list(openpyxl.load_workbook(file, read_only=True).worksheets[0].iter_rows(values_only=True))
