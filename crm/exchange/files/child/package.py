"""What an .xlsx says and hides as a zip archive, looked at before anything parses it."""

import re
import zipfile
from collections.abc import Iterable, Iterator
from xml.etree import ElementTree

from crm.exchange.files.child.cells import Flaw, Refusal

CHUNK = 1 << 20
MAX_FLAWS = 100_000
MAX_CELL_BYTES = 4 * CHUNK

MARKUP, SHEETS = (".xml", ".rels", ".vml"), "xl/worksheets/sheet"
DTD = tuple("<!DOCTYPE".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))
WORKSHEET = re.compile(rb"<(\w+:)?worksheet\b")
REFERENCE = re.compile(rb"""\br=["']([A-Z]{1,3})([0-9]{1,7})["']""")
IS_TEXT = re.compile(rb"""\bt=["']str["']""")
RELATION_IDS = (
    "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id",
    "{http://purl.oclc.org/ooxml/officeDocument/relationships}id",
)

# Row, as the user counts, and zero-based column.
Flaws = dict[tuple[int, int], Flaw]


def inspect(path: str, limits: dict[str, int]) -> Flaws:
    """Refuse what is too large, built to harm or damaged; return the cells without a true value."""
    try:
        with zipfile.ZipFile(path) as package:
            _check_directory(package.infolist(), limits)
            for member in package.infolist():
                if member.filename.lower().endswith(MARKUP) and not member.filename.startswith(SHEETS):
                    _refuse_dtd(package, member)
            return _flaws(package, _first_visible_sheet(package))  # no other sheet is ever read
    except (zipfile.BadZipFile, EOFError, OSError, KeyError, ValueError, RuntimeError, ElementTree.ParseError):
        raise Refusal("damaged") from None


def overlapping(blocks: Iterable[bytes], reach: int) -> Iterator[bytes]:
    """The blocks, each with the tail of the one before it, so that nothing hides on a border."""
    tail = b""
    for block in blocks:
        yield tail + block
        tail = (tail + block)[-reach:]


def _check_directory(members: list[zipfile.ZipInfo], limits: dict[str, int]) -> None:
    if len(members) > limits["members"] or sum(member.file_size for member in members) > limits["unpacked"]:
        raise Refusal("unpacked")
    if any(member.flag_bits & 1 for member in members):
        raise Refusal("password")
    if any(_climbs(member.filename) for member in members):
        raise Refusal("damaged")


def _climbs(name: str) -> bool:
    return name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name) or ":" in name


def _refuse_dtd(package: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    # The directory may lie about the size: `open` stops at what it says and then checks the sum.
    with package.open(member) as part:
        for block in overlapping(iter(lambda: part.read(CHUNK), b""), 2 * len("<!DOCTYPE")):
            _refuse_dtd_in(block)


def _refuse_dtd_in(block: bytes) -> None:
    if any(mark in block for mark in DTD):
        raise Refusal("dtd")


def _first_visible_sheet(package: zipfile.ZipFile) -> str:
    """The part that holds the sheet which is read."""
    targets = {
        relation.get("Id"): relation.get("Target", "") for relation in _parse(package, "xl/_rels/workbook.xml.rels")
    }
    for sheet in _parse(package, "xl/workbook.xml").iterfind("{*}sheets/{*}sheet"):
        target = targets.get(next((sheet.get(name) for name in RELATION_IDS if sheet.get(name)), None), "")
        if sheet.get("state", "visible") == "visible" and "worksheets/" in target:
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    raise Refusal("damaged")


def _parse(package: zipfile.ZipFile, part: str) -> ElementTree.Element:
    return ElementTree.fromstring(package.read(part))  # noqa: S314 - nothing with a DTD comes so far


def _flaws(package: zipfile.ZipFile, part: str) -> Flaws:
    """Cells that hold an error, or a formula without its result: the reader sees both as empty."""
    flaws: Flaws = {}
    with package.open(part) as sheet:
        rest = sheet.read(CHUNK)
        _refuse_dtd_in(rest)
        root = WORKSHEET.search(rest)
        if root is None:
            raise Refusal("damaged")
        finder = _Finder(root.group(1) or b"")
        while True:
            whole, rest = finder.split(rest)
            finder.find(whole, flaws)
            if len(rest) > MAX_CELL_BYTES:
                raise Refusal("damaged")
            block = sheet.read(CHUNK)
            if not block:
                return flaws
            rest += block


class _Finder:
    """Looks for flaws in pieces of a sheet whose elements carry this namespace prefix."""

    def __init__(self, prefix: bytes) -> None:
        p = re.escape(prefix)
        self.opening, self.closing = b"<%sc " % prefix, b"</%sc>" % prefix
        self.formula = b"<%sf" % prefix
        self.without_result = re.compile(
            rb"(?:</%sf>|<%sf\b[^>]*/>)\s*(?:<%sv\s*/>|<%sv></%sv>)?\s*</%sc>" % (p, p, p, p, p, p)
        )
        self.error = re.compile(rb"""<%sc\b[^>]*\bt=["']e["'][^>]*>""" % p)

    def split(self, block: bytes) -> tuple[bytes, bytes]:
        """Cut behind the last whole cell."""
        cut = block.rfind(self.closing) + len(self.closing)
        return (block[:cut], block[cut:]) if cut >= len(self.closing) else (b"", block)

    def find(self, block: bytes, flaws: Flaws) -> None:
        if self.formula in block:
            for match in self.without_result.finditer(block):
                tag = block[block.rfind(self.opening, 0, match.start()) : match.start()].partition(b">")[0]
                # Text that comes out empty is a result: =IF(A1="","",A1).
                if not IS_TEXT.search(tag):
                    _note(flaws, tag, "formula")
        if b't="e"' in block or b"t='e'" in block:
            for match in self.error.finditer(block):
                _note(flaws, match.group(), "value")


def _note(flaws: Flaws, tag: bytes, flaw: str) -> None:
    reference = REFERENCE.search(tag)
    if reference is None or len(flaws) >= MAX_FLAWS:
        raise Refusal("formulas")
    column = 0
    for letter in reference.group(1):
        column = column * 26 + letter - ord("A") + 1
    flaws[int(reference.group(2)), column - 1] = Flaw(flaw)
