"""What a user typed into a search box, as conditions on the pieces of a search column."""

import re
from itertools import pairwise
from typing import Literal, NamedTuple

from crm.kernel.text.pieces import SIGNS, pairs, signs
from crm.kernel.text.pinyin import beginning_with, cuts
from crm.kernel.text.words import words

LONGEST_QUERY = 60  # characters; what follows is not looked at
MOST_WORDS = 6

# What a pattern takes the typed word for.
Reads = Literal["letters", "initials", "syllables", "code"]

_COUNTRY_CODE = re.compile(r"(?:\+|00)86[-\s]*(?=\d)")


class Pattern(NamedTuple):
    """Pieces that a row must hold: all of `every`, one of `some` (if any are named).

    `runs` are stretches of the search text. They make a match exact where the pieces could
    stand apart, and are the cheap look at a row that needs no cutting into pieces.
    """

    every: tuple[str, ...]
    some: tuple[str, ...]
    runs: tuple[str, ...]
    reads: Reads = "letters"


Word = tuple[Pattern, ...]  # any of these
Phrase = tuple[Word, ...]  # all of these


def parse(query: str) -> tuple[Phrase, ...]:
    """The phrases one of which a row must match; none for a query without letters or digits.

    All words must be found. Words may also be read as one, for those who type 张 三,
    `wei lai` or a phone number with gaps.
    """
    typed = words(_COUNTRY_CODE.sub("", query[:LONGEST_QUERY]))[:MOST_WORDS]
    if not typed:
        return ()
    phrases = [tuple(patterns(word) for word in typed)]
    whole = "".join(typed)
    if len(typed) > 1 and (whole.isascii() or any(len(word) == 1 for word in typed)):
        phrases.append((patterns(whole),))
    return tuple(phrases)


def patterns(word: str) -> Word:
    """All that a plain word may mean: letters, initials, pinyin, a part of a phone or code."""
    found = [_letters(word)]
    if word.isascii():
        if not word.isdecimal():
            found.append(_letters(word.upper())._replace(reads="initials"))
        if word.isalpha() and len(word) > 1:
            found += [_syllables(cut) for cut in cuts(word)]
        elif not word.isalpha() and len(word) >= SIGNS - 1:
            found.append(_code(word))
    return tuple(found)


def _letters(word: str) -> Pattern:
    run = pairs(word) if len(word) > 1 else f"^{word}"
    # Two initials or Latin letters say little, so all pairs are asked for; of Chinese ones every other tells enough.
    return Pattern(every=_apart(run.split(), 1 if word.isascii() else 2), some=(), runs=(run,))


def _code(code: str) -> Pattern:
    run = signs(code) if len(code) >= SIGNS else f"^{code}"
    return Pattern(every=_apart(run.split(), SIGNS), some=(), runs=(run,), reads="code")


def _apart(pieces: list[str], step: int) -> tuple[str, ...]:
    """Pieces that cover a run without overlapping more than they must.

    Overlapping ones come together: to the planner, which takes them for independent, a run
    of many would look far rarer than it is.
    """
    return tuple(dict.fromkeys([*pieces[::step], pieces[-1]]))


def _syllables(cut: tuple[str, ...]) -> Pattern:
    *whole, last = cut
    before = f"{whole[-1]}'" if whole else "^"
    every = tuple(f"{one}'{other}" for one, other in pairwise(whole))
    endings = beginning_with(last)
    # What is typed for another syllable (lue for lve) does not stand in the text as it is.
    common = last if all(syllable.startswith(last) for syllable in endings) else last[0]
    some = tuple(before + syllable for syllable in endings)
    return Pattern(every=every, some=some, runs=(*every, before + common), reads="syllables")
