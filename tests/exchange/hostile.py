"""Files that want to do harm, built into a folder by name; see `test_hostile_files.py`."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl

MB = 1024 * 1024
SHEET = "xl/worksheets/sheet1.xml"
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    + "]>"
)
TRIGGERS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    "=cmd|' /C calc'!A0",
    "'=x",
    " =1",
    "-",
)


def plain() -> bytes:
    """An honest workbook, for the others to be made of."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["name", "phone"])
    sheet.append(["Hua Xin", "021-1"])
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    """The bytes of a workbook."""
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def replaced(member: str, change: Callable[[str], str]) -> bytes:
    """The honest workbook with one member changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plain())) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, change(text.decode()) if name == member else text)
    return buffer.getvalue()


def bomb_zeros(path: Path) -> None:
    """One megabyte that unpacks to a gigabyte."""
    with (
        zipfile.ZipFile(io.BytesIO(plain())) as old,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as new,
    ):
        for name in old.namelist():
            if name != SHEET:
                new.writestr(name, old.read(name))
                continue
            with new.open(SHEET, "w", force_zip64=True) as part:
                part.write(old.read(name).partition(b"<sheetData")[0])
                for _ in range(1024):
                    part.write(b" " * MB)


def bomb_lying(path: Path) -> None:
    """A small declared size in the directory, a large one in truth."""
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as new, zipfile.ZipFile(io.BytesIO(plain())) as old:
        for name in old.namelist():
            new.writestr(name, b" " * (400 * MB) if name == SHEET else old.read(name))
    size = (400 * MB).to_bytes(4, "little")
    path.write_bytes(bomb.getvalue().replace(size, (1000).to_bytes(4, "little")))


def bomb_members(path: Path) -> None:
    """Tens of thousands of empty members."""
    path.write_bytes(plain())
    with zipfile.ZipFile(path, "a") as package:
        for number in range(60_000):
            package.writestr(f"xl/x{number}.xml", b"")


def bomb_sparse(path: Path) -> None:
    """Two cells at opposite corners: a table of seventeen thousand million cells."""
    book = openpyxl.Workbook()
    book.worksheets[0]["A1"] = "name"
    book.worksheets[0]["XFD1048576"] = 1
    path.write_bytes(saved(book))


def laughs(path: Path) -> None:
    """Entities that grow tenfold nine times, in the sheet."""
    path.write_bytes(replaced(SHEET, lambda xml: LAUGHS + xml.partition("?>")[2].replace("Hua Xin", "&j;")))


def laughs_workbook(path: Path) -> None:
    """The same in the list of sheets."""
    path.write_bytes(replaced("xl/workbook.xml", lambda xml: LAUGHS + xml.partition("?>")[2].replace("Sheet", "&j;")))


def xxe_file(path: Path) -> None:
    """A cell that names a file of the server."""
    dtd = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    path.write_bytes(replaced(SHEET, lambda xml: dtd + xml.partition("?>")[2].replace("Hua Xin", "&f;")))


def xxe_http(path: Path, port: int) -> None:
    """A cell that names an address, and a workbook that does."""
    dtd = f'<!DOCTYPE x SYSTEM "http://127.0.0.1:{port}/x.dtd" [<!ENTITY f SYSTEM "http://127.0.0.1:{port}/f">]>'
    path.write_bytes(replaced(SHEET, lambda xml: dtd + xml.partition("?>")[2].replace("Hua Xin", "&f;")))


def html(path: Path) -> None:
    """A web page under the name of a workbook."""
    path.write_text("<html><body><table><tr><td>name</td></tr></table></body></html>")


def ole(path: Path) -> None:
    """An old workbook's first bytes under the name of a new one."""
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000)


def encrypted(path: Path) -> None:
    """What Excel writes when a password is set."""
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 5000 + "EncryptedPackage".encode("utf-16-le"))


def truncated(path: Path) -> None:
    """Half of a workbook."""
    path.write_bytes(plain()[: len(plain()) // 2])


def slip(path: Path) -> None:
    """A member that climbs out of the archive."""
    path.write_bytes(plain())
    with zipfile.ZipFile(path, "a") as package:
        package.writestr("../../climbed-out", b"marker")


def formula_cell(path: Path) -> None:
    """Formulas whose results were never saved, beside one whose result was, and an error."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["name", "sum", "error"])
    sheet.append(["a", "=1+1", "#N/A"])
    sheet.append(["b", 2, "fine"])
    path.write_bytes(saved(book))


def formula_text(path: Path) -> None:
    """Text that looks like formulas."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet["A1"] = "name"
    for row, text in enumerate(TRIGGERS, 2):
        sheet.cell(row, 1).value = text
        sheet.cell(row, 1).data_type = "s"
    path.write_bytes(saved(book))
