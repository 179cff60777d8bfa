"""Rows of the first visible sheet of an .xlsx or .xls."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import python_calamine as calamine

from crm.exchange.files.child.cells import Flaw, Refusal, Source
from crm.exchange.files.child.package import Flaws, inspect


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
    numbered = enumerate(rows, 1)
    return Source(name, _with_flaws(numbered, flaws) if flaws else numbered)


def _with_flaws(rows: Iterable[tuple[int, Sequence[Any]]], flaws: Flaws) -> Iterator[tuple[int, Sequence[Any]]]:
    """The rows with flaws in their places; the reader ends before rows that hold nothing else."""
    by_row: dict[int, dict[int, Flaw]] = defaultdict(dict)
    for (number, column), flaw in flaws.items():
        by_row[number][column] = flaw
    for number, values in rows:
        yield number, _patched(values, by_row.pop(number, {}))
    for number in sorted(by_row):
        yield number, _patched((), by_row[number])


def _patched(values: Sequence[Any], flaws: dict[int, Flaw]) -> Sequence[Any]:
    if not flaws:
        return values
    width = max(len(values), max(flaws) + 1)
    padded = [*values, *[""] * (width - len(values))]
    return [flaws.get(column, value) for column, value in enumerate(padded)]
