"""What honest files give."""

import csv
import subprocess
import sys
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import psutil
import pytest
import xlwt

from crm.exchange.files.read import Flaw, Table, open_table
from tests.exchange import hostile

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def rows_of(path: Path, **options: int) -> list[tuple[int, list[object]]]:
    with open_table(path, path.name, **options) as table:
        return list(table.rows())


def workbook(path: Path, *rows: list[object]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(path)
    return path


def test_cells_keep_their_types(tmp_path: Path) -> None:
    values = [
        "华信",
        13800000001.0,
        12.5,
        True,
        date(2026, 1, 31),
        datetime(2026, 1, 31, 9, 30),
        time(9, 30),
        None,
        "末",
    ]
    path = workbook(tmp_path / "x.xlsx", list("abcdefghi"), values)
    assert rows_of(path) == [
        (2, ["华信", 13800000001, 12.5, True, date(2026, 1, 31), datetime(2026, 1, 31, 9, 30), time(9, 30), None, "末"])
    ]


def test_a_number_that_the_spreadsheet_has_rounded_is_a_flaw(tmp_path: Path) -> None:
    path = workbook(tmp_path / "x.xlsx", ["code"], [913100000000000123.0], [999999999999999])
    (_, [rounded]), (_, [whole]) = rows_of(path)
    assert isinstance(rounded, Flaw)
    assert rounded == "digits"
    assert whole == 999999999999999


def test_blank_rows_are_left_out_and_numbers_are_those_that_the_user_sees(tmp_path: Path) -> None:
    path = workbook(tmp_path / "x.xlsx", [], ["name"], [], ["a"], [None, "  "], ["b", None, None])
    assert rows_of(path) == [(4, ["a"]), (6, ["b"])]


def test_a_stray_cell_at_the_end_of_the_sheet_costs_no_row(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet["A1"], sheet["A2"], sheet["A1048576"] = "name", "a", " "
    book.save(tmp_path / "x.xlsx")
    assert rows_of(tmp_path / "x.xlsx") == [(2, ["a"])]


def test_the_first_visible_sheet_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].sheet_state = "hidden"
    book.worksheets[0].append(["hidden"])
    book.create_sheet("客户").append(["name"])
    book.worksheets[1].append(["=1+1"])
    book.create_sheet("more").append(["x"])
    book.save(tmp_path / "x.xlsx")
    with open_table(tmp_path / "x.xlsx", "x.xlsx") as table:
        assert (table.sheet, table.header) == ("客户", ["name"])
        assert list(table.rows()) == [(2, [Flaw("formula")])]


def test_an_empty_text_is_a_formula_result(tmp_path: Path) -> None:
    def blank_text(xml: str) -> str:
        return xml.replace(
            "</sheetData>",
            '<row r="3"><c r="A3" t="str"><f>IF(1,"","")</f><v></v></c><c r="B3"><v>1</v></c></row></sheetData>',
        )

    (tmp_path / "x.xlsx").write_bytes(hostile.replaced(hostile.SHEET, blank_text))
    assert rows_of(tmp_path / "x.xlsx")[1] == (3, [None, 1])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_csv_in_the_usual_encodings(encoding: str, delimiter: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(f'客户名称{delimiter}电话\r\n"万  科Ａ"{delimiter}"行一\r\n行二"\r\n'.encode(encoding))
    with open_table(path, "客户.CSV") as table:
        assert table.header == ["客户名称", "电话"]
        assert list(table.rows()) == [(2, ["万  科Ａ", "行一\n行二"])]


def test_old_workbooks(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("客户")
    style = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    for column, value in enumerate(["名称", "电话", "日期"]):
        sheet.write(0, column, value)
    sheet.write(1, 0, "华信")
    sheet.write(1, 1, 13800000001)
    sheet.write(1, 2, date(2026, 1, 31), style)
    book.save(str(tmp_path / "x.xls"))
    assert rows_of(tmp_path / "x.xls") == [(2, ["华信", 13800000001, date(2026, 1, 31)])]


def test_skip_and_limit_take_a_part_and_count_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("n\n" + "".join(f"{i}\n" for i in range(5000)))
    with open_table(path, "x.csv", skip=1000, limit=2) as table:
        assert [cells for _, cells in table.rows()] == [["1000"], ["1001"]]
        assert table.total == 5000


def test_control_characters_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"name,b\na\x01b\x0bc,x\r\n")
    assert rows_of(path) == [(2, ["abc", "x"])]


def test_memory_of_this_process_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    with path.open("w") as file:
        csv.writer(file).writerows([["c"] * 20, *([["华信科技有限公司"] * 20] * 60_000)])
    before = psutil.Process().memory_info().rss
    with open_table(path, "x.csv") as table:
        most = max(psutil.Process().memory_info().rss for n, _line in enumerate(table.lines()) if n % 5000 == 0)
    assert table.total == 60_000
    assert path.stat().st_size > 25 * hostile.MB
    assert most - before < 8 * hostile.MB


def test_leaving_early_ends_the_child(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("n\n" + "x" * 100 + "\n" + ("y" * 100 + "\n") * 100_000)
    with open_table(path, "x.csv") as table:
        next(table.rows())
    assert not [
        child for child in psutil.Process().children() if "crm.exchange.files.child" in " ".join(child.cmdline())
    ]


def test_the_child_knows_neither_django_nor_the_settings() -> None:
    code = "import sys; from crm.exchange.files.child import __main__, delimited, workbook; print(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in answer.stdout.split()}
    assert "python_calamine" in loaded
    assert not loaded & {"django", "psycopg", "environ"}


@pytest.mark.parametrize(
    ("name", "rows", "width"), [("a-share-companies.csv", 5640, 3), ("superstore-orders.csv", 9994, 21)]
)
def test_real_files(name: str, rows: int, width: int) -> None:
    if not (DATA / name).exists():
        pytest.skip(f"{name} is not beside this checkout")
    with open_table(DATA / name, name) as table:
        found = list(table.rows())
    assert (table.total, len(found), len(table.header)) == (rows, rows, width)
    assert isinstance(table, Table)
    if width == 3:
        assert found[1] == (3, ["000002", "万  科Ａ", "1991-01-29"])
