"""A hostile file gets a sentence within ten seconds and costs this process nothing."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psutil
import pytest
from django.utils.translation import override

from crm.exchange.files.read import Flaw, Limits, open_table
from crm.kernel.errors import Refused
from tests.exchange import hostile

SECONDS = 10


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with override("en"):
        yield


def read(path: Path, name: str = "", **options: object) -> list[list[object]]:
    """All rows of a file."""
    with open_table(path, name or path.name, **options) as table:  # type: ignore[arg-type]
        return [cells for _number, cells in table.rows()]


def refusal(path: Path, name: str = "") -> str:
    """The sentence with which the file is refused, in time and without growing this process."""
    before, start = psutil.Process().memory_info().rss, time.monotonic()
    with pytest.raises(Refused) as caught:
        read(path, name)
    assert time.monotonic() - start < SECONDS
    assert psutil.Process().memory_info().rss - before < 20 * hostile.MB
    return str(caught.value)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (hostile.bomb_zeros, "too large when unpacked"),
        (hostile.bomb_lying, "damaged"),
        (hostile.bomb_members, "too large when unpacked"),
        (hostile.bomb_sparse, "too much memory"),
        (hostile.laughs, "document type"),
        (hostile.laughs_workbook, "document type"),
        (hostile.xxe_file, "document type"),
        (hostile.html, "web page"),
        (hostile.ole, "old .xls"),
        (hostile.encrypted, "password"),
        (hostile.truncated, "damaged"),
        (hostile.slip, "damaged"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_hostile_workbook_is_refused_with_a_sentence(
    build: Callable[[Path], None], words: str, tmp_path: Path
) -> None:
    build(tmp_path / "x.xlsx")
    assert words in refusal(tmp_path / "x.xlsx")
    assert not list(tmp_path.parent.rglob("climbed-out"))
    assert not Path("/tmp/climbed-out").exists()  # noqa: S108
    (tmp_path / "ok.xlsx").write_bytes(hostile.plain())
    assert read(tmp_path / "ok.xlsx") == [["Hua Xin", "021-1"]]


@pytest.fixture
def listener() -> Iterator[tuple[int, list[str]]]:
    """A web server that notes what is asked of it."""
    asked: list[str] = []

    class Note(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

    server = HTTPServer(("127.0.0.1", 0), Note)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, asked
    server.shutdown()
    server.server_close()


def test_no_address_in_a_file_is_asked(listener: tuple[int, list[str]], tmp_path: Path) -> None:
    port, asked = listener
    hostile.xxe_http(tmp_path / "x.xlsx", port)
    assert "document type" in refusal(tmp_path / "x.xlsx")
    assert asked == []


RIGHTS = """
import resource
from crm.exchange.files.child.__main__ import _give_up_rights
_give_up_rights({"memory": 512 << 20, "seconds": 9})
print([resource.getrlimit(r)[1] for r in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE)])
"""


def test_the_child_gives_up_memory_time_and_writing() -> None:
    answer = subprocess.run([sys.executable, "-c", RIGHTS], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == str([512 * hostile.MB, 9, 0])


def test_too_much_cpu_time_ends_the_child(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("name\n" + "x\n" * 3_000_000)
    with pytest.raises(Refused, match="too long"):
        read(path, limits=Limits(rows=10**9, seconds=1))


def test_a_formula_without_result_and_an_error_are_flaws_and_not_blanks(tmp_path: Path) -> None:
    hostile.formula_cell(tmp_path / "x.xlsx")
    first, second = read(tmp_path / "x.xlsx")
    assert first == ["a", "formula", "value"]
    assert [type(cell) for cell in first] == [str, Flaw, Flaw]
    assert second == ["b", 2, "fine"]


def test_text_that_looks_like_a_formula_stays_as_it_is(tmp_path: Path) -> None:
    hostile.formula_text(tmp_path / "x.xlsx")
    assert [row[0] for row in read(tmp_path / "x.xlsx")] == list(hostile.TRIGGERS)


def test_too_many_rows_and_columns_are_refused(tmp_path: Path) -> None:
    tall, wide = tmp_path / "tall.csv", tmp_path / "wide.csv"
    tall.write_text("name\n" + "x\n" * 200_001)
    wide.write_text(",".join(f"c{i}" for i in range(201)))
    assert "200000 rows" in refusal(tall)
    assert "200 columns" in refusal(wide)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("x.xls", hostile.plain(), "really an .xlsx"),
        ("x.csv", hostile.plain(), "really an .xlsx"),
        ("x.csv", b"<!DOCTYPE html><html>", "web page"),
        ("x.csv", b"a,b\n\0\0\0", "not a table"),
        ("x.csv", b"a,b\n\xff\xff\xff\xff", "neither UTF-8 nor GB18030"),
        ("x.xlsx", b"name,phone\n", "plain text"),
        ("x.xlsx", b"", "empty"),
        ("x.csv", b"\n\n \n", "empty"),
        ("x.pdf", b"%PDF", "ends in .xlsx"),
        ("x", b"name", "ends in .xlsx"),
    ],
)
def test_content_must_be_what_the_name_says(name: str, content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(content)
    assert words in refusal(tmp_path / "upload", name)
