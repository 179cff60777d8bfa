"""How well a record's search text answers what was typed, by the same conditions that the database applies."""

from collections.abc import Callable, Iterable
from enum import IntEnum

from crm.kernel.text.pieces import search_text
from crm.kernel.text.query import Pattern, Phrase
from crm.kernel.text.words import joined


class Match(IntEnum):
    """What of a record was met, best first."""

    NUMBER = 0  # all of its number
    BEGINNING = 1  # its name begins so
    INITIALS = 2
    PINYIN = 3
    WITHIN = 4  # in the middle of its name, number or text
    PHONE = 5  # a part of a phone, or of another code than the number


# The match, and 0 where it stands at the beginning of a name, else 1.
Rank = tuple[Match, int]


def rank(text: str, number: str, query: str, phrases: Iterable[Phrase]) -> Rank | None:
    """The best way in which a search text answers the phrases of a query; None if it does not."""
    if joined(number) == joined(query):
        return Match.NUMBER, 0
    pieces, own = frozenset(text.split(" ")), search_text((), codes=[number])
    found = [_phrase(phrase, text, pieces, own) for phrase in phrases]
    return min((one for one in found if one is not None), default=None)


def codes(phrases: Iterable[Phrase]) -> tuple[Phrase, ...]:
    """The phrases, each word taken for a part of a code only."""
    return _only(phrases, lambda pattern: pattern.reads == "code")


def without_codes(phrases: Iterable[Phrase]) -> tuple[Phrase, ...]:
    """The phrases, no word taken for a part of a code."""
    return _only(phrases, lambda pattern: pattern.reads != "code")


def _only(phrases: Iterable[Phrase], wanted: Callable[[Pattern], bool]) -> tuple[Phrase, ...]:
    found = (tuple(tuple(filter(wanted, word)) for word in phrase) for phrase in phrases)
    return tuple(phrase for phrase in found if all(phrase))


def _start(pattern: Pattern) -> Pattern:
    """The same at the beginning of a name."""
    run = pattern.runs[0]
    if run.startswith("^"):
        return pattern
    if pattern.reads == "syllables":
        first, _, _ = run.partition("'")
        return pattern._replace(every=(f"^{first}", *pattern.every))
    return pattern._replace(every=(f"^{run[0]}", *pattern.every), runs=(f"^{run[0]} {run}",))


def _phrase(phrase: Phrase, text: str, pieces: frozenset[str], number: str) -> Rank | None:
    """All words must be met; the one that is met worst counts."""
    worst = (Match.NUMBER, 0)
    for word in phrase:
        met = [_met(pattern, text, pieces, number) for pattern in word]
        best = min((one for one in met if one is not None), default=None)
        if best is None:
            return None
        worst = max(worst, best)
    return worst


def _met(pattern: Pattern, text: str, pieces: frozenset[str], number: str) -> Rank | None:
    if not _holds(pattern, text, pieces):
        return None
    if pattern.reads == "code":
        within = all(run in number for run in pattern.runs)
        return (Match.WITHIN if within else Match.PHONE), 1
    inside = 0 if _holds(_start(pattern), text, pieces) else 1
    if pattern.reads == "letters":
        return (Match.WITHIN if inside else Match.BEGINNING), inside
    return (Match.INITIALS if pattern.reads == "initials" else Match.PINYIN), inside


def _holds(pattern: Pattern, text: str, pieces: frozenset[str]) -> bool:
    return (
        all(run in text for run in pattern.runs)
        and pieces.issuperset(pattern.every)
        and (not pattern.some or not pieces.isdisjoint(pattern.some))
    )
