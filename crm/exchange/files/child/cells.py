"""A cell of a table as the child prints it.

Text, number, boolean and null are themselves; anything else is an object with one key: `date`,
`datetime`, `time` (ISO text), or `error` with a code: `formula` (its result was never saved),
`digits` (a whole number so long that the spreadsheet has rounded it), `value` (such as #N/A).
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

Cell = str | int | float | bool | dict[str, str] | None
Rows = Iterator[tuple[int, list[Cell]]]  # with the row's number as the user sees it

# A spreadsheet keeps 15 digits of a number; the rest of a longer one is already lost in the file.
FIRST_ROUNDED = 10**15
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class Refusal(Exception):
    """The file is not taken: a code, and what its sentence needs to know."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.answer = {"refused": code, **params}


def cell(value: Any) -> Cell:
    """What a spreadsheet's reader gives for a cell, as it is printed."""
    kind = type(value)
    if kind is str:
        return text(value)
    if kind is float:
        return number(value)
    if kind is bool or kind is int:
        return value  # type: ignore[no-any-return]
    if kind is datetime:
        return {"datetime": value.isoformat(sep=" ", timespec="seconds")}
    if kind is date:
        return {"date": value.isoformat()}
    if kind is time:
        return {"time": value.isoformat(timespec="seconds")}
    return str(value)


def number(value: float) -> Cell:
    """Whole floats become whole numbers, as the user typed them."""
    if value.is_integer():
        return int(value) if abs(value) < FIRST_ROUNDED else {"error": "digits"}
    return value if value - value == 0 else {"error": "value"}  # infinite, or not a number


def text(value: str) -> str | None:
    """Without control characters and with plain line ends; None if nothing can be seen."""
    if CONTROL.search(value):
        value = CONTROL.sub("", value)
    if "\r" in value:
        value = value.replace("\r\n", "\n").replace("\r", "\n")
    return None if not value or value.isspace() else value


def trimmed(cells: list[Cell]) -> list[Cell]:
    """The row without the empty cells at its end (taken off in place)."""
    while cells and cells[-1] is None:
        cells.pop()
    return cells


def label(cell: Cell) -> str:
    """A cell of the header as text on one line."""
    value = next(iter(cell.values())) if isinstance(cell, dict) else cell
    return "" if value is None else " ".join(str(value).split())
