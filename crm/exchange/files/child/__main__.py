"""Entry point of the child process: give up rights, look at the file, print it."""

import codecs
import json
import resource
import sys
from collections.abc import Callable, Sequence
from typing import BinaryIO

from crm.exchange.files.child.cells import Refusal, Source, is_blank, label, row_json
from crm.exchange.files.child.package import CHUNK, overlapping

BATCH = 500
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


def main(path: str, kind: str, limits: dict[str, int]) -> None:
    """Print the table, or the refusal, to standard output."""
    _give_up_rights(limits)
    out = sys.stdout.buffer
    try:
        _check_content(path, kind)
        answer = _print(out, _reader(kind)(path, limits), limits)
    except Refusal as refusal:
        answer = refusal.answer
    except MemoryError:
        answer = {"refused": "memory"}
    out.write(_json(answer) + b"\n")
    out.flush()


def _give_up_rights(limits: dict[str, int]) -> None:
    for what, most in (
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_CPU, limits["seconds"]),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 32),
    ):
        resource.setrlimit(what, (most, most))


def _check_content(path: str, kind: str) -> None:
    """The first bytes must be what the name promises."""
    with open(path, "rb") as file:
        start = file.read(4096)
        if not start:
            raise Refusal("empty")
        found = _kind_of(start)
        # A workbook with a password is an .xlsx wrapped in the container of an old .xls.
        if kind == "xlsx" and found == "xls" and _holds(file, ENCRYPTED):
            raise Refusal("password")
    if found != kind:
        raise Refusal("content", found=found)


def _holds(file: BinaryIO, needle: bytes) -> bool:
    return any(needle in block for block in overlapping(iter(lambda: file.read(CHUNK), b""), len(needle)))


def _kind_of(start: bytes) -> str:
    if start.startswith(b"PK\x03\x04"):
        return "xlsx"
    if start.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "xls"
    text = start.removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<table", b"<meta")):
        return "html"
    wide = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if text.startswith((b"%pdf", b"{\\rtf")) or (b"\0" in start and not wide):
        return "other"
    return "csv"


def _reader(kind: str) -> Callable[[str, dict[str, int]], Source]:
    # Imported on demand: each reader costs start-up time that the others need not pay.
    if kind == "csv":
        from crm.exchange.files.child.delimited import read_csv

        return read_csv
    from crm.exchange.files.child import workbook

    return {"xlsx": workbook.read_xlsx, "xls": workbook.read_xls}[kind]


def _print(out: BinaryIO, source: Source, limits: dict[str, int]) -> dict[str, object]:
    """Print the header and the rows behind the first `skip` (at most `limit`, if that is not 0); count all rows."""
    rows = ((number, values) for number, values in source.rows if not is_blank(values))
    first, header = next(rows, (0, []))
    labels = [label(value) for value in header]
    while labels and not labels[-1]:
        labels.pop()
    if not labels:
        raise Refusal("empty")
    _check_width(labels, limits)
    out.write(_json({"sheet": source.sheet, "row": first, "header": labels}) + b"\n")
    out.flush()
    count, batch = 0, []
    for count, (number, values) in enumerate(rows, 1):
        if count > limits["rows"]:
            raise Refusal("rows", most=limits["rows"])
        _check_width(values, limits)
        if limits["skip"] < count <= (limits["skip"] + limits["limit"] if limits["limit"] else count):
            batch.append(b"%d\t%s\n" % (number, row_json(values)))
        if len(batch) == BATCH:
            out.write(b"".join(batch))
            batch.clear()
    out.write(b"".join(batch))
    return {"rows": count}


def _check_width(values: Sequence[object], limits: dict[str, int]) -> None:
    most = limits["columns"]
    if len(values) > most and any(value != "" for value in values[most:]):
        raise Refusal("columns", most=most)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
