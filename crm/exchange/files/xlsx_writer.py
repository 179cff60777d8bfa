"""A fast .xlsx writer: one sheet, any number of rows, little memory.

Only text, numbers and dates can be written. Text always goes in as text (`inlineStr`), so that
nothing that stands in a record can run as a formula when the file is opened.

It beats the writers that could be had (100,000 rows × 20 columns: 2 to 3 s and 19 MB, against
2 to 4 s and 131 MB of the fastest and 22 to 41 s of openpyxl) because it formats a whole batch by
columns: one `%` per row, and one look per column for characters that must be escaped.
"""

import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import IO, Any

from django.utils import timezone

from crm.exchange.files.columns import Column, Kind

MAX_ROWS = 1_048_575  # below the head
MAX_TEXT = 32_767  # what a cell can hold, in UTF-16 units
BATCH = 200
EPOCH = date(1899, 12, 30).toordinal()
# Stands for the row's number until the row is put together; never part of a text (CONTROL takes it out).
ROW = "\0"

CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Something to escape, or spaces that a reader drops unless told to keep them.
NOT_PLAIN = re.compile("[&<>\x00-\x09\x0b-\x1f\ud800-\udfff\ufffe\uffff]|  |^ | $", re.MULTILINE)

# The cell formats of STYLES below, in their order.
GENERAL, HEAD, TEXT, MONEY, DATE, DATETIME = range(6)
STYLE_OF = {
    Kind.TEXT: TEXT,
    Kind.NUMBER: GENERAL,
    Kind.MONEY: MONEY,
    Kind.DATE: DATE,
    Kind.DATETIME: DATETIME,
    Kind.MIXED: GENERAL,
}

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

FIXED_PARTS = {
    "[Content_Types].xml": f'{XML}<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml"'
    ' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml"'
    ' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
    '<Override PartName="/xl/styles.xml"'
    ' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>',
    "_rels/.rels": f'{XML}<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'{XML}<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'{XML}<styleSheet xmlns="{MAIN}">'
    '<numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '<fill><patternFill patternType="solid"><fgColor rgb="FFEEF1F5"/></patternFill></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="6"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="49" fontId="1" fillId="2" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1" applyFill="1"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="4" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}


def write_xlsx(target: IO[bytes], sheet: str, columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> int:
    """Write a workbook of one sheet with a bold, frozen head; return the number of rows below it.

    Each row has one value per column. Raises ValueError beyond `MAX_ROWS`.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as package:
        for name, text in FIXED_PARTS.items():
            package.writestr(name, text)
        package.writestr("xl/workbook.xml", _workbook(sheet))
        with package.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            part.write(_opening(columns).encode())
            count = _write_rows(part, [c.kind for c in columns], iter(rows))
            part.write(
                f'</sheetData><autoFilter ref="A1:{letters(len(columns) - 1)}{count + 1}"/></worksheet>'.encode()
            )
    return count


def letters(index: int) -> str:
    """The name of a column from its zero-based index: A, B, …, Z, AA, …"""
    name = ""
    while index >= 0:
        index, letter = divmod(index, 26)
        name = chr(ord("A") + letter) + name
        index -= 1
    return name


def _workbook(sheet: str) -> str:
    name = escaped(re.sub(r"[\[\]:*?/\\]", " ", sheet)[:31].strip("' ") or "Sheet1").replace('"', "&quot;")
    return (
        f'{XML}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        f'<sheet name="{name}" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )


def _opening(columns: Sequence[Column]) -> str:
    widths = "".join(f'<col min="{i}" max="{i}" width="{c.width}" customWidth="1"/>' for i, c in enumerate(columns, 1))
    head = "".join(_text([c.label], letters(i), HEAD)[0] for i, c in enumerate(columns)).replace(ROW, "1")
    return (
        f'{XML}<worksheet xmlns="{MAIN}"><sheetViews><sheetView tabSelected="1" workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="15"/><cols>{widths}</cols><sheetData><row r="1">{head}</row>'
    )


def _write_rows(part: IO[bytes], kinds: Sequence[Kind], rows: Iterator[Sequence[Any]]) -> int:
    formats = [(FORMATS[kind], letters(i), STYLE_OF[kind]) for i, kind in enumerate(kinds)]
    count = 0
    while batch := list(islice(rows, BATCH)):
        columns = [
            format_(values, letter, style)
            for values, (format_, letter, style) in zip(zip(*batch, strict=True), formats, strict=True)
        ]
        lines = [
            f'<row r="{ROW}">{"".join(cells)}</row>'.replace(ROW, str(number))
            for number, cells in enumerate(zip(*columns, strict=True), count + 2)
        ]
        part.write("".join(lines).encode())
        count += len(batch)
        if count > MAX_ROWS:
            raise ValueError("a sheet has no room for so many rows")
    return count


# Each gives the cells of one column for a batch of rows; an empty cell is no cell at all.


def _text(values: Sequence[str | None], column: str, style: int) -> list[str]:
    texts = [value or "" for value in values]
    joined = "\n".join(texts)
    tag = "<t>"
    if NOT_PLAIN.search(joined) or len(joined) > MAX_TEXT // 2:
        texts = [escaped(text) for text in texts]
        tag = '<t xml:space="preserve">'
    before = f'<c r="{column}{ROW}" s="{style}" t="inlineStr"><is>{tag}'
    return [f"{before}{text}</t></is></c>" if text else "" for text in texts]


def _number(values: Sequence[int | float | Decimal | None], column: str, style: int) -> list[str]:
    before = f'<c r="{column}{ROW}" s="{style}"><v>'
    return ["" if value is None else f"{before}{value}</v></c>" for value in values]


def _date(values: Sequence[date | None], column: str, style: int) -> list[str]:
    return _number([None if value is None else value.toordinal() - EPOCH for value in values], column, style)


def _datetime(values: Sequence[datetime | None], column: str, style: int) -> list[str]:
    return _number([None if value is None else _serial(value) for value in values], column, style)


def _mixed(values: Sequence[Any], column: str, style: int) -> list[str]:
    return [_one(value, column) for value in values]


def _one(value: Any, column: str) -> str:
    if value is None or value == "":
        return ""
    for kind, types in TYPES:
        if isinstance(value, types) and not isinstance(value, bool):
            return FORMATS[kind]([value], column, STYLE_OF[kind])[0]
    return _text([str(value)], column, TEXT)[0]


FORMATS: dict[Kind, Callable[[Sequence[Any], str, int], list[str]]] = {
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.MONEY: _number,
    Kind.DATE: _date,
    Kind.DATETIME: _datetime,
    Kind.MIXED: _mixed,
}
TYPES = ((Kind.NUMBER, (int, float, Decimal)), (Kind.DATETIME, datetime), (Kind.DATE, date))


def _serial(value: datetime) -> float:
    """The days since the spreadsheet's epoch."""
    if value.tzinfo is not None:
        value = timezone.localtime(value)
    return value.toordinal() - EPOCH + (value.hour * 3600 + value.minute * 60 + value.second) / 86_400


def escaped(text: str) -> str:
    """Text for XML: without what XML cannot hold, and not longer than a cell may be."""
    text = CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if len(text) > MAX_TEXT // 2:
        text = text.encode("utf-16-le")[: 2 * MAX_TEXT].decode("utf-16-le", "ignore")
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
