"""Readings of Chinese characters, and Latin letters read as pinyin.

The table lists, for each syllable, the characters read so first of all and those that are
also read so in names or in many phrases (重 zhong and chong, 单 dan and shan). It is written by
scripts/text_tables.py and kept, so that a library's upgrade cannot change stored search texts.
"""

from collections import defaultdict
from pathlib import Path

# A name with many characters of several readings is kept in so many spellings of initials.
MOST_SPELLINGS = 8
# A run of letters is cut into syllables in so many ways (xian: xian, xi'an).
MOST_CUTS = 12

_LONGEST = 6  # letters in the longest syllable: chuang
_ALSO_TYPED = {"lue": "lve", "nue": "nve", "lyu": "lv", "nyu": "nv"}


def _read_table() -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    readings: dict[str, tuple[str, ...]] = {}
    lines = (Path(__file__).parent / "pinyin.txt").read_text(encoding="utf-8").splitlines()
    table = [line.split("\t") for line in lines]
    for syllable, first, _ in table:
        readings |= dict.fromkeys(first, (syllable,))
    for syllable, _, also in table:
        for character in also:
            readings[character] += (syllable,)
    return readings, tuple(syllable for syllable, _, _ in table)


READINGS, SYLLABLES = _read_table()

_FIRST_INITIAL = str.maketrans(
    {character: spelled[0][0].upper() for character, spelled in READINGS.items()}
    | {letter: letter.upper() for letter in "abcdefghijklmnopqrstuvwxyz"}
)
_OTHER_INITIALS = {
    character: others
    for character, spelled in READINGS.items()
    if (others := "".join(sorted({syllable[0].upper() for syllable in spelled} - {spelled[0][0].upper()})))
}

_SPELLED = {s: s for s in SYLLABLES} | _ALSO_TYPED
_BEGINNING_WITH: dict[str, list[str]] = defaultdict(list)
for _typed, _syllable in sorted(_SPELLED.items()):
    for _length in range(1, len(_typed) + 1):
        if _syllable not in _BEGINNING_WITH[_typed[:_length]]:
            _BEGINNING_WITH[_typed[:_length]].append(_syllable)


def initials(name: str) -> list[str]:
    """The first letters of a plain name in capitals, in every reading that counts: 重庆 → ZQ, CQ.

    Letters and digits stand for themselves. Further readings are combined freely up to
    `MOST_SPELLINGS`; beyond that each appears in one spelling.
    """
    spellings = [name.translate(_FIRST_INITIAL)]
    for place, character in enumerate(name):
        if character in _OTHER_INITIALS:
            others = _OTHER_INITIALS[character]
            room = len(spellings) * (1 + len(others)) <= MOST_SPELLINGS
            spellings += [
                s[:place] + other + s[place + 1 :] for s in (spellings if room else spellings[:1]) for other in others
            ]
    return spellings


def readings(name: str) -> list[tuple[str, ...]]:
    """The readings of each Chinese character of a plain name, one tuple a character."""
    return [READINGS[character] for character in name if character in READINGS]


def beginning_with(letters: str) -> list[str]:
    """All syllables that begin with these letters; empty if none does."""
    return _BEGINNING_WITH.get(letters, [])


def cuts(letters: str) -> list[tuple[str, ...]]:
    """The ways to read letters as pinyin: whole syllables, then the beginning of one.

    `weil` gives ("wei", "l"); `xian` gives ("xian",) and ("xi", "an"). An unfinished syllable
    counts only where the letters cannot be read as whole ones.
    """
    ways: dict[int, list[tuple[str, ...]]] = {}
    for start in reversed(range(len(letters))):
        rest = letters[start:]
        found: list[tuple[str, ...]] = [(rest,)] if rest in _BEGINNING_WITH else []
        for length in range(min(_LONGEST, len(rest) - 1), 0, -1):
            syllable = _SPELLED.get(rest[:length])
            if syllable:
                found += [(syllable, *way) for way in ways[start + length]]
        finished = [way for way in found if way[-1] in _SPELLED]
        ways[start] = (finished or found)[:MOST_CUTS]
    return ways[0] if letters else []
