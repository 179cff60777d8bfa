"""What a file's name and first bytes tell, for files that come from outside."""

import mimetypes
import re
import unicodedata

HEAD = 1024  # bytes that `mismatch` looks at
LONGEST_NAME = 120  # characters

# Runs in a browser or on a desktop as soon as it is opened.
ACTIVE = frozenset(
    [
        "html",
        "htm",
        "xhtml",
        "xht",
        "shtml",
        "mht",
        "mhtml",
        "svg",
        "svgz",
        "xml",
        "xsl",
        "xslt",
        "js",
        "mjs",
        "jse",
        "vbs",
        "vbe",
        "wsf",
        "hta",
        "jar",
        "swf",
        "exe",
        "com",
        "bat",
        "cmd",
        "msi",
        "msp",
        "scr",
        "pif",
        "cpl",
        "dll",
        "lnk",
        "reg",
        "ps1",
        "psm1",
        "sh",
        "apk",
    ]
)
# How files that browsers show begin; PDF readers forgive some bytes before.
BEGINNINGS = {
    "png": (b"\x89PNG\r\n\x1a\n",),
    "jpg": (b"\xff\xd8\xff",),
    "jpeg": (b"\xff\xd8\xff",),
    "gif": (b"GIF87a", b"GIF89a"),
    "webp": (b"RIFF",),
    "bmp": (b"BM",),
}
PROGRAMS = (b"MZ", b"\x7fELF")
SERVED = (
    "application/pdf",
    "application/zip",
    "image/",
    "text/plain",
    "text/csv",
    "application/vnd.",
    "application/msword",
)
UNSAFE = re.compile(r'[<>:"/\\|?*]')
# Names that mean a device on Windows, whatever their ending.
DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def clean_name(name: str) -> str:
    """The last part of a path, without invisible characters and without what file systems refuse; may be empty."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    visible = "".join(" " if c.isspace() else c for c in last if c.isspace() or unicodedata.category(c)[0] != "C")
    plain = re.sub(r" +", " ", UNSAFE.sub("_", visible)).strip(" .")
    if DEVICE.match(plain):
        plain = f"_{plain}"
    stem, dot, ending = plain.rpartition(".")
    if len(plain) > LONGEST_NAME and dot and len(ending) < 10:
        return f"{stem[: LONGEST_NAME - len(ending) - 1].rstrip()}.{ending}"
    return plain[:LONGEST_NAME]


def ending(name: str) -> str:
    """What follows the last dot, in small letters; empty without one."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def is_active(name: str, head: bytes) -> bool:
    """Whether the file would run when somebody opens it."""
    return ending(name) in ACTIVE or head.startswith(PROGRAMS)


def mismatch(name: str, head: bytes) -> bool:
    """Whether a picture or PDF does not begin as its name says."""
    kind = ending(name)
    if kind == "pdf":
        return b"%PDF-" not in head[:HEAD]
    return kind in BEGINNINGS and not head.startswith(BEGINNINGS[kind])


def content_type(name: str) -> str:
    """The type under which a file is handed out; anything but documents and pictures is plain bytes."""
    guessed = mimetypes.guess_type(name)[0] or ""
    return guessed if guessed.startswith(SERVED) and "svg" not in guessed else "application/octet-stream"
