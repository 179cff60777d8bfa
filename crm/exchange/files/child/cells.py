"""A row of a table, from what a reader gives to what the child prints.

Text, number, boolean and null are themselves; anything else is an object with one key: `date`,
`datetime`, `time` (ISO text), or `error` with a code: `formula` (its result was never saved),
`digits` (a whole number so long that the spreadsheet has rounded it), `value` (such as #N/A).
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

Cell = str | int | float | bool | dict[str, str] | None

# A spreadsheet keeps 15 digits of a number; the rest of a longer one is already lost in the file.
FIRST_ROUNDED = 10**15
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# In a row's JSON: an escape (control characters, line ends) or text that starts with white space.
TO_CLEAN = re.compile(r'\\[bfrntu]|"\s|[\ufffe\uffff]')


class Refusal(Exception):
    """The file is not taken: a code, and what its sentence needs to know."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.answer = {"refused": code, **params}


@dataclass(frozen=True)
class Source:
    """An opened table. Rows come with their numbers as the user sees them; "" is an empty cell."""

    sheet: str
    rows: Iterator[tuple[int, Sequence[Any]]]


@dataclass(frozen=True)
class Flaw:
    """In the place of a value that cannot be trusted."""

    code: str


def is_blank(values: Sequence[Any]) -> bool:
    """Whether the row shows nothing."""
    return all(type(value) is str and (not value or value.isspace()) for value in values)


def row_json(values: Sequence[Any]) -> bytes:
    """The row as JSON without the empty cells at its end."""
    cells = [(value or None) if type(value) is str else _cell(value) for value in values]
    line = _json(cells)
    if TO_CLEAN.search(line):
        line = _json([text(cell) if type(cell) is str else cell for cell in cells])
    return line.encode()


def text(value: str) -> str | None:
    """Without control characters and with plain line ends; None if nothing can be seen."""
    value = CONTROL.sub("", value).replace("\r\n", "\n").replace("\r", "\n")
    return None if value.isspace() else value or None


def label(value: Any) -> str:
    """A cell of the header as text on one line."""
    if type(value) is float and value.is_integer():
        value = int(value)
    return " ".join((text(str(value)) or "").split())


def _cell(value: Any) -> Cell:
    kind = type(value)
    if kind is float:
        return _number(value)
    if kind is bool or kind is int:
        return value  # type: ignore[no-any-return]
    if kind is datetime:
        return {"datetime": value.isoformat(sep=" ", timespec="seconds")}
    if kind is date:
        return {"date": value.isoformat()}
    if kind is time:
        return {"time": value.isoformat(timespec="seconds")}
    if kind is Flaw:
        return {"error": value.code}
    return str(value)


def _number(value: float) -> Cell:
    """Whole floats become whole numbers, as the user typed them."""
    if value.is_integer():
        return int(value) if abs(value) < FIRST_ROUNDED else {"error": "digits"}
    return value if value - value == 0 else {"error": "value"}  # infinite, or not a number


def _json(cells: list[Cell]) -> str:
    while cells and cells[-1] is None:
        cells.pop()
    return _encode(cells)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
