"""Rows of the first visible sheet of an .xlsx or .xls."""

import python_calamine as calamine

from crm.exchange.files.child.cells import Flaws, Refusal, Source
from crm.exchange.files.child.package import inspect


def read_xlsx(path: str, limits: dict[str, int]) -> Source:
    """The sheet with its rows; raises Refusal."""
    return _read(path, inspect(path, limits))


def read_xls(path: str, limits: dict[str, int]) -> Source:
    """The sheet with its rows; raises Refusal."""
    return _read(path, {})


def _read(path: str, flaws: Flaws) -> Source:
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
    return Source(name, enumerate(rows, 1), flaws)
