"""What we write is read back the same by two other readers, and nothing in it runs."""

import csv
import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import python_calamine
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.exchange.files.columns import Column, Kind, column
from crm.exchange.files.csv_writer import write_csv
from crm.exchange.files.read import open_table
from crm.exchange.files.template import TemplateColumn, write_template
from crm.exchange.files.xlsx_writer import MAX_TEXT, letters, write_xlsx
from tests.exchange.hostile import TRIGGERS

COLUMNS = [
    column("名称"),
    column("数量", Kind.NUMBER),
    column("金额", Kind.MONEY),
    column("日期", Kind.DATE),
    column("时间", Kind.DATETIME),
    column("任意", Kind.MIXED),
]
ROWS: list[tuple[Any, ...]] = [
    ("万  科Ａ", 3, Decimal("1234.50"), date(2026, 1, 31), datetime(2026, 1, 31, 1, 30, tzinfo=UTC), "x"),
    ('a & <b> "c"', 0, Decimal("-5"), date(1999, 12, 31), datetime(2026, 1, 31, 23, 59), 7),
    (None, None, None, None, None, None),
    (" 前后 ", -5, Decimal("0"), date(2026, 2, 28), None, date(2026, 3, 1)),
]


def xlsx(columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> io.BytesIO:
    target = io.BytesIO()
    assert write_xlsx(target, "客户/导出", columns, rows) == len(rows)
    target.seek(0)
    return target


@pytest.mark.filterwarnings("error")
def test_openpyxl_reads_what_was_written() -> None:
    sheet = openpyxl.load_workbook(xlsx(COLUMNS, ROWS)).worksheets[0]
    assert sheet.title == "客户 导出"
    assert [cell.value for cell in sheet[1]] == [column.label for column in COLUMNS]
    assert [cell.value for cell in sheet[2]] == [
        "万  科Ａ",
        3,
        1234.5,
        datetime(2026, 1, 31),
        datetime(2026, 1, 31, 9, 30),
        "x",
    ]
    assert [cell.value for cell in sheet[3]][:3] == ['a & <b> "c"', 0, -5]
    assert [cell.value for cell in sheet[4]] == [None] * 6
    assert sheet["A5"].value == " 前后 "
    assert sheet["A1"].font.b
    assert sheet.freeze_panes == "A2"
    assert (sheet["A2"].number_format, sheet["C2"].number_format) == ("@", "#,##0.00")
    assert sheet["D2"].is_date
    assert sheet.column_dimensions["A"].width >= 10


def test_calamine_reads_what_was_written() -> None:
    rows = python_calamine.load_workbook(xlsx(COLUMNS, ROWS)).get_sheet_by_index(0).to_python()
    assert rows[1] == ["万  科Ａ", 3, 1234.5, date(2026, 1, 31), datetime(2026, 1, 31, 9, 30), "x"]
    assert rows[4][5] == date(2026, 3, 1)


def test_no_cell_is_a_formula() -> None:
    texts = [[text, text] for text in TRIGGERS]
    target = xlsx([column("=名称"), column("m", Kind.MIXED)], texts)
    part = zipfile.ZipFile(target).read("xl/worksheets/sheet1.xml")
    assert b"<f" not in part
    sheet = openpyxl.load_workbook(target).worksheets[0]
    assert [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)] == texts
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}


def test_what_xml_cannot_hold_is_left_out() -> None:
    sheet = openpyxl.load_workbook(xlsx([column("n")], [["a\0b\x0bc\ud800d\uffffe"], ["行一\r\n行二"]])).worksheets[0]
    assert [sheet["A2"].value, sheet["A3"].value] == ["abcde", "行一\n行二"]


def test_text_is_cut_where_a_cell_ends() -> None:
    sheet = openpyxl.load_workbook(xlsx([column("n")], [["长" * 40_000], ["😀" * 20_000]])).worksheets[0]
    assert sheet["A2"].value == "长" * MAX_TEXT
    assert sheet["A3"].value == "😀" * (MAX_TEXT // 2)


def test_columns_are_named_like_a_spreadsheet_does() -> None:
    assert [letters(i) for i in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.text(
            st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"),
            max_size=30,
        ),
        min_size=1,
        max_size=30,
    )
)
def test_any_text_comes_back(texts: list[str]) -> None:
    sheet = python_calamine.load_workbook(
        xlsx([column("n"), column("end")], [[text, "|"] for text in texts])
    ).get_sheet_by_index(0)
    assert [row[0] for row in sheet.to_python()[1:]] == texts


def csv_text(columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> bytes:
    target = io.BytesIO()
    assert write_csv(target, columns, rows) == len(rows)
    return target.getvalue()


def test_csv_has_a_mark_and_plain_numbers_and_dates() -> None:
    text = csv_text(COLUMNS, ROWS)
    assert text.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(text.decode("utf-8-sig"))))
    assert rows[1] == ["万  科Ａ", "3", "1234.50", "2026-01-31", "2026-01-31 09:30", "x"]
    assert rows[2][1:3] == ["0", "-5"]
    assert rows[3] == [""] * 6


def test_csv_text_never_starts_a_formula_and_comes_back(tmp_path: Path) -> None:
    texts = [*TRIGGERS, "'", "''=1", "'a", "a=1", "2026"]
    (tmp_path / "x.csv").write_bytes(csv_text([column("=n"), column("end")], [[text, "|"] for text in texts]))
    written = list(csv.reader((tmp_path / "x.csv").open(encoding="utf-8-sig", newline="")))
    for text, row in zip(texts, written[1:], strict=True):
        guarded = text.lstrip("' ")[:1] in set("=+-@＝＋－＠\t")
        assert row[0] == (f"'{text}" if guarded else text)
    with open_table(tmp_path / "x.csv", "x.csv") as table:
        assert table.header[0] == "=n"
        assert [cells[0] for _number, cells in table.rows()] == [
            text.strip("\t") if text == "\t" else text for text in texts
        ]


TEMPLATE = [
    TemplateColumn("客户名称", required=True, note="最多 120 个字", example="上海华信科技有限公司"),
    TemplateColumn("客户种类", choices=["意向客户", "成交客户"], example="意向客户"),
    TemplateColumn("电话", example="021-58888888"),
    TemplateColumn("日期", Kind.DATE, example=date(2026, 1, 31)),
    TemplateColumn("行业", choices=[f"行业 {i}" for i in range(300)]),
]


@pytest.fixture
def template() -> openpyxl.Workbook:
    target = io.BytesIO()
    write_template(target, "公海客户", TEMPLATE, ["第一行是列名。", "=不是公式"])
    target.seek(0)
    return openpyxl.load_workbook(target)


def test_the_template_marks_required_columns_and_offers_choices(template: openpyxl.Workbook) -> None:
    sheet = template.worksheets[0]
    assert [cell.value for cell in sheet[1]] == ["客户名称 *", "客户种类", "电话", "日期", "行业"]
    assert [cell.value for cell in sheet[2]] == [
        "上海华信科技有限公司",
        "意向客户",
        "021-58888888",
        datetime(2026, 1, 31),
        None,
    ]
    rules = {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation}
    assert rules == {"B2:B200001": "_lists!$B$1:$B$2", "E2:E200001": "_lists!$E$1:$E$300"}
    lists = template["_lists"]
    assert lists.sheet_state == "veryHidden"
    assert [lists["B1"].value, lists["B2"].value, lists["E300"].value] == ["意向客户", "成交客户", "行业 299"]
    assert sheet.column_dimensions["C"].number_format == "@"
    assert sheet.column_dimensions["D"].number_format == "yyyy-mm-dd"


def test_the_template_explains_itself(template: openpyxl.Workbook) -> None:
    notes = template.worksheets[1]
    assert notes.sheet_state == "visible"
    texts = [str(cell.value) for row in notes.iter_rows() for cell in row if cell.value]
    assert "第一行是列名。" in texts
    assert any("意向客户" in text and "成交客户" in text for text in texts)
    assert {cell.data_type for row in notes.iter_rows() for cell in row if cell.value} == {"s"}


def test_a_filled_template_is_read(template: openpyxl.Workbook, tmp_path: Path) -> None:
    template.save(tmp_path / "x.xlsx")
    with open_table(tmp_path / "x.xlsx", "x.xlsx") as table:
        assert table.header[0] == "客户名称 *"
        assert list(table.rows()) == [(2, ["上海华信科技有限公司", "意向客户", "021-58888888", date(2026, 1, 31)])]
