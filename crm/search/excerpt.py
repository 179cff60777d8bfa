"""The part of a text that a search hit shows, with what was typed set apart."""

from typing import NamedTuple

from crm.kernel.text.words import plain, words

WIDTH = 60  # characters of a text that are shown
LEAD = 12  # of them before what was typed


class Excerpt(NamedTuple):
    """A line of text in three parts; `hit` is empty where what was typed does not stand in it as it is."""

    before: str
    hit: str
    after: str

    def __str__(self) -> str:
        return f"{self.before}{self.hit}{self.after}"


def excerpt(text: str, query: str) -> Excerpt:
    """One line around the first word of the query that stands in the text, else the text's beginning."""
    line = " ".join(text.split())
    simple = plain(line)
    # Some signs have a longer plain form (㈱): places in the two texts would not agree.
    typed = words(query) if len(simple) == len(line) else []
    at, length = min(((place, len(word)) for word in typed if (place := simple.find(word)) >= 0), default=(-1, 0))
    if at < 0:
        return Excerpt(_cut(line, WIDTH), "", "")
    start = 0 if at + length <= WIDTH else at - LEAD
    before, hit, after = line[start:at], line[at : at + length], line[at + length :]
    return Excerpt(f"…{before}" if start else before, hit, _cut(after, WIDTH - len(before) - length))


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: max(width, 0)]}…"
