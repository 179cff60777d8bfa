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

from collections.abc import Iterable, Sequence
from itertools import pairwise, product

from crm.kernel.text.pinyin import initials, readings
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
    chunks: list[str] = []
    for name in names:
        chunks += _name(name)
    for text in texts:
        chunks += map(letters, words(text[:LONGEST_TEXT]))
    for phone in phones:
        chunks += _code("".join(filter(str.isdecimal, phone)))
    for code in codes:
        chunks += _code(joined(code))
    return " ".join(dict.fromkeys(chunks))


def letters(word: str) -> str:
    """A word's pieces, beginning with the marked first letter."""
    return f"^{word[0]} {pairs(word)}" if len(word) > 1 else f"^{word}"


def pairs(word: str) -> str:
    """Each two neighbouring letters."""
    return _woven(word[:-1], word[1:])


def signs(code: str) -> str:
    """Each four neighbouring signs of a phone or code."""
    return _woven(code[:-3], code[1:-2], code[2:-1], code[3:])


def _woven(*columns: Sequence[str]) -> str:
    """Columns of equal length read row by row, one space between two rows."""
    width = len(columns) + 1
    cells = [" "] * (width * len(columns[0]) - 1)
    for place, column in enumerate(columns):
        cells[place::width] = column
    return "".join(cells)


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
    pieces = [f"^{first}" for first in spelled[0]]
    if len(spelled) > 1:
        usual = [reading[0] for reading in spelled]
        pieces.append(_woven(usual[:-1], "'" * (len(usual) - 1), usual[1:]))
    if sum(map(len, spelled)) > len(spelled):
        for before, after in pairwise(spelled):
            pieces += [f"{one}'{other}" for one, other in product(before, after)][1:]
    return [" ".join(pieces)]


def _code(code: str) -> list[str]:
    if len(code) >= SIGNS:
        return [f"^{code[: SIGNS - 1]} {signs(code)}"]
    return [letters(code)] if code else []
