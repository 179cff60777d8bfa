"""The workbook that users fill in: headings, drop-downs, an example row and a page of notes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import IO

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from crm.exchange.files.columns import Kind, column
from crm.exchange.files.xlsx_writer import letters

LAST_ROW = 200_001  # as many rows as an import takes
REQUIRED_MARK = " *"
BOLD = Font(bold=True)
REQUIRED_FILL = PatternFill("solid", fgColor="FFFDE7E4")
OPTIONAL_FILL = PatternFill("solid", fgColor="FFEEF1F5")
EXAMPLE_FONT = Font(italic=True, color="FF6B7280")
WRAPPED = Alignment(wrap_text=True, vertical="top")
FORMATS = {Kind.TEXT: "@", Kind.DATE: "yyyy-mm-dd", Kind.DATETIME: "yyyy-mm-dd hh:mm", Kind.MONEY: "#,##0.00"}


@dataclass(frozen=True)
class TemplateColumn:
    """One column to fill in."""

    label: str
    kind: Kind = Kind.TEXT
    required: bool = False
    choices: Sequence[str] = ()
    note: str = ""
    example: str | int | Decimal | date | datetime | None = None


def write_template(target: IO[bytes], title: str, columns: Sequence[TemplateColumn], notes: Sequence[str]) -> None:
    """Write the template, in the active language: the sheet to fill in, the notes, the hidden lists."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = title[:31]
    lists = book.create_sheet("_lists")
    for index, one in enumerate(columns):
        _write_column(sheet, lists, index, one)
    sheet.freeze_panes = "A2"
    _write_notes(book.create_sheet(_("Notes"), 1), columns, notes)
    # "Very" hidden sheets do not even show in the list of hidden ones.
    lists.sheet_state = "veryHidden"
    book.save(target)


def _write_column(sheet: Worksheet, lists: Worksheet, index: int, one: TemplateColumn) -> None:
    letter = letters(index)
    head = sheet.cell(1, index + 1)
    _put_text(head, one.label + (REQUIRED_MARK if one.required else ""))
    head.font, head.fill = BOLD, REQUIRED_FILL if one.required else OPTIONAL_FILL
    if one.note:
        head.comment = Comment(one.note, "CRM", width=260, height=80)
    dimension = sheet.column_dimensions[letter]
    dimension.width = column(one.label, one.kind).width
    # The format of the whole column: what is typed into a text column keeps its leading zeros.
    dimension.number_format = FORMATS.get(one.kind, "General")
    example = sheet.cell(2, index + 1)
    if isinstance(one.example, str):
        _put_text(example, one.example)
    else:
        example.value = one.example
    example.font, example.number_format = EXAMPLE_FONT, FORMATS.get(one.kind, "General")
    if one.choices:
        _add_choices(sheet, lists, index, one)


def _add_choices(sheet: Worksheet, lists: Worksheet, index: int, one: TemplateColumn) -> None:
    # In the cells of a sheet, because a list written into the rule itself may have 255 characters at most.
    letter = letters(index)
    for row, choice in enumerate(one.choices, 1):
        _put_text(lists.cell(row, index + 1), choice)
    rule = DataValidation(
        type="list",
        formula1=f"_lists!${letter}$1:${letter}${len(one.choices)}",
        allow_blank=True,
        showErrorMessage=True,
        errorTitle=one.label[:32],
        error=_("Choose one of the list."),
    )
    rule.add(f"{letter}2:{letter}{LAST_ROW}")
    sheet.add_data_validation(rule)


def _write_notes(sheet: Worksheet, columns: Sequence[TemplateColumn], notes: Sequence[str]) -> None:
    for row, note in enumerate(notes, 1):
        _put_text(sheet.cell(row, 1), note)
    top = len(notes) + 2
    for place, heading in enumerate((_("Column"), _("Required"), _("What to enter"), _("Example")), 1):
        cell = sheet.cell(top, place)
        _put_text(cell, heading)
        cell.font, cell.fill = BOLD, OPTIONAL_FILL
    for row, one in enumerate(columns, top + 1):
        texts = (one.label, _("Yes") if one.required else "", _what_to_enter(one), _example_text(one))
        for place, text in enumerate(texts, 1):
            _put_text(sheet.cell(row, place), text)
            sheet.cell(row, place).alignment = WRAPPED
    for letter, width in zip("ABCD", (24, 10, 70, 30), strict=True):
        sheet.column_dimensions[letter].width = width


def _what_to_enter(one: TemplateColumn) -> str:
    few = len(one.choices) <= 12
    choices = (
        _("One of: %(choices)s") % {"choices": _(", ").join(one.choices)} if few else _("One of the drop-down list")
    )
    return "\n".join(part for part in (one.note, choices if one.choices else "") if part)


def _example_text(one: TemplateColumn) -> str:
    return "" if one.example is None else str(one.example)


def _put_text(cell: object, text: str) -> None:
    """Text as text: openpyxl takes what starts with = for a formula."""
    cell.value = text  # type: ignore[attr-defined]
    cell.data_type = "s"  # type: ignore[attr-defined]
