"""Rows of a .csv: UTF-8 or GB18030, separated by comma, tab or semicolon."""

import codecs
import csv
import re
from collections.abc import Iterator

from crm.exchange.files.child.cells import Refusal, Source

CHUNK = 1 << 20
MAX_FIELD = 131_072
# Our own .csv puts an apostrophe before text that a spreadsheet would take for a formula.
GUARDED = re.compile(r"'+\s*[=+\-@＝＋－＠]|'+[\t\r\n]")


def read_csv(path: str, limits: dict[str, int]) -> Source:
    """The rows, of a sheet without a name; raises Refusal."""
    return Source("", _rows(path, _encoding(path)))


def _rows(path: str, encoding: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(MAX_FIELD)
    with open(path, encoding=encoding, newline="") as file:
        first = file.readline(MAX_FIELD)
        file.seek(0)
        try:
            for number, record in enumerate(csv.reader(file, delimiter=max(",\t;", key=first.count)), 1):
                yield number, [value[1:] if value[:1] == "'" and GUARDED.match(value) else value for value in record]
        except (csv.Error, UnicodeError):
            raise Refusal("damaged") from None


def _encoding(path: str) -> str:
    with open(path, "rb") as file:
        if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16"
    for encoding in ("utf-8-sig", "gb18030"):
        if _decodes(path, encoding):
            return encoding
    raise Refusal("encoding")


def _decodes(path: str, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with open(path, "rb") as file:
            while block := file.read(CHUNK):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
