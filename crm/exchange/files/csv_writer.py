"""A .csv that a spreadsheet opens with the right characters and runs nothing of."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import IO, Any

from django.utils import timezone

from crm.exchange.files.columns import Column, Kind

# A spreadsheet takes such text for a formula, in full-width form too. `child/delimited.py` takes the
# apostrophe off again; text that already starts with apostrophes gets one more, so that nothing is lost.
TRIGGER = re.compile(r"'*\s*[=+\-@＝＋－＠]|'*[\t\r\n]")


def write_csv(target: IO[bytes], columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> int:
    """Write head and rows as UTF-8 with a byte order mark; return the number of rows below the head.

    Text that a spreadsheet would run gets an apostrophe in front; numbers and dates stay as they are.
    """
    text = io.TextIOWrapper(target, encoding="utf-8-sig", newline="", errors="replace", write_through=False)
    writer = csv.writer(text)
    writer.writerow([guarded(column.label) for column in columns])
    formats = [FORMATS[column.kind] for column in columns]
    count = 0
    for row in rows:
        writer.writerow([format_(value) for format_, value in zip(formats, row, strict=True)])
        count += 1
    text.flush()
    text.detach()
    return count


def guarded(text: str | None) -> str:
    """Text as a cell that is never taken for a formula."""
    if not text:
        return ""
    return f"'{text}" if TRIGGER.match(text) else text


def _plain(value: Any) -> str:
    return "" if value is None else str(value)


def _moment(value: datetime | None) -> str:
    if value is None:
        return ""
    if value.tzinfo is not None:
        value = timezone.localtime(value)
    return value.strftime("%Y-%m-%d %H:%M")


def _mixed(value: Any) -> str:
    if isinstance(value, datetime):
        return _moment(value)
    return guarded(value) if isinstance(value, str) else _plain(value)


def _day(value: date | None) -> str:
    return "" if value is None else value.isoformat()


FORMATS: dict[Kind, Callable[[Any], str]] = {
    Kind.TEXT: guarded,
    Kind.NUMBER: _plain,
    Kind.MONEY: _plain,
    Kind.DATE: _day,
    Kind.DATETIME: _moment,
    Kind.MIXED: _mixed,
}
