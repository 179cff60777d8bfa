"""Rows of the first visible sheet of an .xlsx or .xls."""

from collections.abc import Iterable, Sequence
from typing import Any

import python_calamine as calamine

from crm.exchange.files.child.cells import Cell, Refusal, Rows, cell
from crm.exchange.files.child.package import Flaws, inspect


def read_xlsx(path: str, limits: dict[str, int]) -> tuple[str, Rows]:
    """The sheet's name and its rows; raises Refusal."""
    return _read(path, inspect(path, limits))


def read_xls(path: str, limits: dict[str, int]) -> tuple[str, Rows]:
    """The sheet's name and its rows; raises Refusal."""
    return _read(path, {})


def _read(path: str, flaws: Flaws) -> tuple[str, Rows]:
    try:
        workbook = calamine.load_workbook(path)
        name = next(
            sheet.name
            for sheet in workbook.sheets_metadata
            if sheet.visible == calamine.SheetVisibleEnum.Visible and sheet.typ == calamine.SheetTypeEnum.WorkSheet
        )
        rows = workbook.get_sheet_by_name(name).iter_rows()
    except calamine.PasswordError:
        raise Refusal("password") from None
    except (calamine.CalamineError, StopIteration, OSError, ValueError):
        raise Refusal("damaged") from None
    return name, _rows(rows, flaws)


def _rows(rows: Iterable[Sequence[Any]], flaws: Flaws) -> Rows:
    flawed = {row for row, _column in flaws}
    for number, values in enumerate(rows):
        cells: list[Cell] = [cell(value) for value in values]
        if number in flawed:
            cells = [{"error": flaws[number, i]} if (number, i) in flaws else one for i, one in enumerate(cells)]
        yield number + 1, cells
