"""Reading an uploaded .xlsx, .xls or .csv, whatever it holds, without harm to this process.

A child process does the reading (`crm.exchange.files.child`) under limits of memory and time and
streams the rows back, so that this process keeps no more than a few rows at a time.
"""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.kernel.errors import Refused

ROOT = Path(__file__).resolve().parents[3]
KINDS = ("xlsx", "xls", "csv")
SILENCE = 60.0  # seconds without a word from the child
MB = 1024 * 1024

Value = str | int | float | bool | date | datetime | time | None


@dataclass(frozen=True)
class Limits:
    """What a file may ask of us. Sizes in bytes, time in seconds of CPU."""

    rows: int = 200_000
    columns: int = 200
    members: int = 200  # files inside an .xlsx
    unpacked: int = 300 * MB  # what an .xlsx says it is when unpacked; 100,000 rows × 20 columns are about 110 MB
    memory: int = 1024 * MB
    seconds: int = 60


DEFAULT_LIMITS = Limits()


class Flaw(str):
    """In the place of a value: why the cell's value cannot be used (a code of `FLAWS`)."""


# What to tell the user about a cell that has no value to trust.
FLAWS: dict[str, Promise] = {
    "formula": _("the formula has no saved result"),
    "digits": _("the number has more than 15 digits and has been rounded; format the column as text"),
    "value": _("the cell holds an error"),
}

_SENTENCES: dict[str, Promise] = {
    "kind": _("Choose a file that ends in .xlsx, .xls or .csv."),
    "empty": _("The file is empty: the first sheet has no row with column names."),
    "damaged": _("The file cannot be read: it is damaged. Open it in Excel or WPS, save it again and upload that."),
    "password": _("The file is protected by a password. Save it without the password and upload it again."),
    "dtd": _("The file contains a document type declaration, which no spreadsheet needs. Save it again as .xlsx."),
    "encoding": _("The text of the file is neither UTF-8 nor GB18030. Save it again as “CSV UTF-8” or .xlsx."),
    "formulas": _("Too many formulas have no saved result. Open the file in Excel or WPS and save it again."),
    "unpacked": _("The file is too large when unpacked. Keep only the sheet that you want to import, or split it."),
    "memory": _("The file needs too much memory. Clear cells far from your data, or split the file."),
    "seconds": _("Reading the file takes too long. Split it into smaller files."),
    "rows": _("The file has more than %(most)s rows. Split it into smaller files."),
    "columns": _("The file has more than %(most)s columns. Delete those that you do not import."),
    "content.xlsx": _("The file is really an .xlsx workbook. Rename it so that it ends in .xlsx and upload it again."),
    "content.xls": _("The file is really an old .xls workbook. Rename it so that it ends in .xls and upload it again."),
    "content.csv": _("The file is really plain text. If it holds a table, rename it so that it ends in .csv."),
    "content.html": _("The file is really a web page. Open it in Excel or WPS, save it as .xlsx and upload that."),
    "content.other": _("The file is not a table. Choose an .xlsx, .xls or .csv file."),
}


class Table:
    """An opened table: its column names at once, its rows in one pass."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        head = json.loads(next(lines))
        self._lines = lines
        self.sheet: str = head["sheet"]
        self.header: list[str] = head["header"]
        self.total = 0  # rows with content in the whole file; known when all lines were taken

    def lines(self) -> Iterator[bytes]:
        """Each row as `number<TAB>JSON array`, without a line end; see `child.cells` for the values."""
        for line in self._lines:
            if line.startswith(b"{"):
                self.total = json.loads(line)["rows"]
                return
            yield line

    def rows(self) -> Iterator[tuple[int, list[Value]]]:
        """Each row's number, as a spreadsheet counts, and its values."""
        for line in self.lines():
            number, _tab, cells = line.partition(b"\t")
            yield int(number), [value_of(cell) for cell in json.loads(cells)]


@contextmanager
def open_table(
    path: Path | str, name: str, *, skip: int = 0, limit: int = 0, limits: Limits = DEFAULT_LIMITS
) -> Iterator[Table]:
    """Read the file at `path`, whose kind the user's `name` for it tells.

    Only the rows behind the first `skip` come and, with `limit`, only so many; `total` counts all.
    Raises Refused with a sentence for the user, when opening or while the rows are taken.
    """
    child = _start(Path(path), kind_of(name), asdict(limits) | {"skip": skip, "limit": limit})
    try:
        yield Table(_lines(child))
    finally:
        child.kill()
        child.wait()
        _output(child).close()


def kind_of(name: str) -> str:
    """xlsx, xls or csv, from a file's name; raises Refused for any other."""
    kind = name.rpartition(".")[2].lower()
    if kind not in KINDS:
        raise _refusal("kind")
    return kind


def value_of(cell: Any) -> Value | Flaw:
    """A cell from the child's JSON as a Python value."""
    if not isinstance(cell, dict):
        return cell  # type: ignore[no-any-return]
    ((kind, text),) = cell.items()
    match kind:
        case "date":
            return date.fromisoformat(text)
        case "datetime":
            return datetime.fromisoformat(text)
        case "time":
            return time.fromisoformat(text)
        case _:
            return Flaw(text)


def _start(path: Path, kind: str, limits: dict[str, int]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own program; the file's path is its argument, not a command
        [sys.executable, "-B", "-m", "crm.exchange.files.child", str(path.resolve()), kind, json.dumps(limits)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env={"LANG": "C.UTF-8"},  # and none of our secrets
    )


def _lines(child: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """The child's lines up to its last; raises Refused if that one refuses or never comes."""
    rest = b""
    while block := _block(child):
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            if line.startswith(b'{"refused":'):
                raise _refused_by(json.loads(line))
            yield line
            if line.startswith(b'{"rows":'):
                return
    raise _refusal(_cause_of_death(child.wait()))


def _block(child: subprocess.Popen[bytes]) -> bytes:
    pipe = _output(child).fileno()
    if not select.select([pipe], [], [], SILENCE)[0]:
        raise _refusal("seconds")
    return os.read(pipe, 1 << 16)


def _output(child: subprocess.Popen[bytes]) -> IO[bytes]:
    if child.stdout is None:
        raise ValueError("the child was started without a pipe")
    return child.stdout


def _cause_of_death(code: int) -> str:
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return "seconds"
    return "memory" if code == -signal.SIGABRT else "damaged"


def _refused_by(answer: dict[str, Any]) -> Refused:
    code = answer.pop("refused")
    return _refusal(f"content.{answer['found']}" if code == "content" else code, **answer)


def _refusal(code: str, **params: object) -> Refused:
    sentence = _SENTENCES[code]
    return Refused(str(sentence) % params if params else sentence)
