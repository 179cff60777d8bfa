"""Translations without GNU gettext: `update`, `check` and `compile` the .po files.

The catalogue of a message is the `locale` folder nearest above the file that uses it.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import polib

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("crm", "customers", "templates")
LANGUAGE = "zh_Hans"
KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
HEADER = {
    "Language": LANGUAGE,
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=1; plural=0;",
}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


class Message(NamedTuple):
    """A text to translate, as the sources have it."""

    context: str | None
    text: str
    plural: str


def update() -> None:
    """Bring every catalogue in line with the sources; new messages are left empty."""
    for path, messages in messages_by_catalogue().items():
        catalogue = _open(path)
        known = _by_text(catalogue)
        catalogue.clear()
        for message in sorted(messages, key=lambda each: (each.text, each.context or "")):
            catalogue.append(known.get(message[:2]) or _empty_entry(message))
        path.parent.mkdir(parents=True, exist_ok=True)
        catalogue.save(str(path))


def check() -> list[str]:
    """What keeps the catalogues from being complete, one sentence each."""
    problems = []
    catalogues = messages_by_catalogue()
    for path, messages in catalogues.items():
        entries = _by_text(_open(path))
        used = {message[:2] for message in messages}
        name = path.relative_to(ROOT)
        problems += [f"{name}: missing: {text!r}" for context, text in used - entries.keys()]
        problems += [f"{name}: no longer used: {text!r}" for context, text in entries.keys() - used]
        problems += [f"{name}: {problem}" for entry in entries.values() if (problem := _problem(entry))]
    return sorted([*problems, *_contradictions(catalogues)])


def _contradictions(paths: Iterable[Path]) -> Iterator[str]:
    """Texts that two catalogues translate differently: Django joins all, so one of them would win everywhere."""
    known: dict[tuple[str | None, str], tuple[str, Path]] = {}
    for path in paths:
        for entry in _open(path).translated_entries():
            text, first = known.setdefault((entry.msgctxt, entry.msgid), (entry.msgstr, path))
            if text != entry.msgstr:
                names = f"{first.relative_to(ROOT)} and {path.relative_to(ROOT)}"
                yield f"{names}: {entry.msgid!r} is {text!r} and {entry.msgstr!r}; give one a context"


def compile_all() -> None:
    """Write the .mo file beside every .po file that is newer than it."""
    for folder in (*SOURCES, "locale"):
        for path in (ROOT / folder).rglob("LC_MESSAGES/*.po"):
            target = path.with_suffix(".mo")
            if not target.exists() or target.stat().st_mtime < path.stat().st_mtime:
                polib.pofile(str(path)).save_as_mofile(str(target))


def messages_by_catalogue() -> dict[Path, set[Message]]:
    """The messages of the sources under the .po file that each belongs to."""
    found: dict[Path, set[Message]] = defaultdict(set)
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".html", ".txt"):
                found[_catalogue(path)].update(messages_of(path))
    return {path: messages for path, messages in found.items() if messages}


def messages_of(path: Path) -> Iterator[Message]:
    """The messages that one Python file or template marks for translation."""
    from babel.messages.extract import extract  # only `update` and `check` need Babel

    source = path.read_text() if path.suffix == ".py" else _template_as_python(path)
    for _line, texts, _comments, context in extract("python", BytesIO(source.encode()), KEYWORDS):
        text, plural = (texts, "") if isinstance(texts, str) else (texts[0], texts[1])
        if text:
            yield Message(context, text, plural)


def _template_as_python(path: Path) -> str:
    from django.utils.translation.template import templatize

    return "\n".join(line.strip() for line in templatize(path.read_text(), origin=str(path)).splitlines())


def _catalogue(path: Path) -> Path:
    folder = next(folder for folder in path.parents if (folder / "locale").is_dir())
    return folder / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"


def _open(path: Path) -> polib.POFile:
    if path.exists():
        return polib.pofile(str(path), wrapwidth=120)
    catalogue = polib.POFile(wrapwidth=120)
    catalogue.metadata = HEADER
    return catalogue


def _by_text(catalogue: polib.POFile) -> dict[tuple[str | None, str], polib.POEntry]:
    return {(entry.msgctxt, entry.msgid): entry for entry in catalogue if not entry.obsolete}


def _empty_entry(message: Message) -> polib.POEntry:
    if not message.plural:
        return polib.POEntry(msgctxt=message.context, msgid=message.text)
    return polib.POEntry(
        msgctxt=message.context, msgid=message.text, msgid_plural=message.plural, msgstr_plural={0: ""}
    )


def _problem(entry: polib.POEntry) -> str:
    translations = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
    if entry.fuzzy:
        return f"fuzzy: {entry.msgid!r}"
    if not all(translations):
        return f"not translated: {entry.msgid!r}"
    wanted = set(PLACEHOLDER.findall(entry.msgid)) | set(PLACEHOLDER.findall(entry.msgid_plural))
    if any(set(PLACEHOLDER.findall(text)) - wanted for text in translations):
        return f"unknown placeholder in the translation of {entry.msgid!r}"
    return ""


def main(words: list[str]) -> None:
    """Run the named command; `check` exits with 1 when a catalogue is not complete."""
    match words:
        case ["update"]:
            update()
        case ["compile"]:
            compile_all()
        case ["check"]:
            problems = check()
            print("\n".join(problems) or "Every message is translated.")
            sys.exit(bool(problems))
        case _:
            sys.exit("usage: python -m scripts.messages update|check|compile")


if __name__ == "__main__":
    main(sys.argv[1:])
