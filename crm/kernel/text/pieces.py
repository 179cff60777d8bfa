"""The text of the search column: the short pieces by which a record can be found.

A piece is one of
  two neighbouring letters of a word            杭州, 州未, cl
  ^ and the letter that a word begins with      ^杭
  two neighbouring initials, ^ and the first    WL, ^W     (capitals: nothing else is in capitals)
  two neighbouring syllables, ^ and the first   wei'lai, ^wei
  four neighbouring signs of a phone or code, ^ and its first three    8899, ^138

They stand in the order of the name, one space between two, so `string_to_array(search, ' ')`
gives an index its keys and a stretch of three or more letters can be looked for as it is.
"""

from collections.abc import Iterable, Iterator
from operator import add

from crm.kernel.text.pinyin import has_several_readings, initials, readings
from crm.kernel.text.words import joined, words

SIGNS = 4  # in a piece of a phone or code
LONGEST_TEXT = 1000  # characters of a free text that are searched


def search_text(
    names: Iterable[str], phones: Iterable[str] = (), codes: Iterable[str] = (), texts: Iterable[str] = ()
) -> str:
    """The search column of a record.

    `names` are found by their letters and by pinyin, `phones` and `codes` (numbers, credit codes)
    by any four or more of their signs in a row, `texts` by their letters only.
    """
    chunks: dict[str, None] = {}
    for name in names:
        if name:
            chunks.update(dict.fromkeys(_name(name)))
    for text in texts:
        chunks.update(dict.fromkeys(map(letters, words(text[:LONGEST_TEXT]))))
    for phone in phones:
        chunks.update(dict.fromkeys(_code("".join(filter(str.isdecimal, phone)))))
    for code in codes:
        chunks.update(dict.fromkeys(_code(joined(code))))
    return " ".join(chunks)


def letters(word: str) -> str:
    """A word's pieces, beginning with the marked first letter."""
    return " ".join([f"^{word[0]}", *map(add, word, word[1:])])


def pairs(word: str) -> list[str]:
    """Each two neighbouring letters."""
    return list(map(add, word, word[1:]))


def signs(code: str) -> list[str]:
    """Each four neighbouring signs of a phone or code."""
    return [code[i : i + SIGNS] for i in range(len(code) - SIGNS + 1)]


def _name(name: str) -> list[str]:
    parts = words(name)
    chunks = [letters(part) for part in parts]
    whole = "".join(parts)
    if whole.isascii():
        return chunks
    if len(parts) > 1:
        chunks.append(letters(whole))
    chunks += [letters(spelled) for spelled in initials(whole)]
    chunks += _syllables(whole)
    return chunks


def _syllables(name: str) -> list[str]:
    spelled = readings(name)
    if not spelled:
        return []
    steps = zip(spelled, spelled[1:], strict=False)
    if has_several_readings(name):
        pieces = [f"{one}'{other}" for before, after in steps for one in before for other in after]
    else:
        pieces = [f"{one}'{other}" for (one,), (other,) in steps]
    return [" ".join([f"^{first}" for first in spelled[0]] + pieces)]


def _code(code: str) -> Iterator[str]:
    if len(code) < SIGNS:
        yield from map(letters, filter(None, [code]))
    else:
        yield " ".join([f"^{code[: SIGNS - 1]}", *signs(code)])
