"""What a search box finds: 250 queries with exactly the names that must come up."""

from pathlib import Path

import pytest

from crm.kernel.text.pieces import search_text
from crm.kernel.text.query import Pattern, parse

PAIRS = Path(__file__).with_name("search_pairs.txt").read_text(encoding="utf-8").splitlines()


def entries() -> dict[str, tuple[list[str], list[str], list[str]]]:
    """Key → names, phones, codes."""
    lines = [line.split("|") for line in PAIRS if "|" in line and not line.startswith("#")]
    return {key.strip(): tuple([part.strip() for part in parts.split(";")] for parts in rest) for key, *rest in lines}


def queries() -> list[tuple[str, set[str]]]:
    """What is typed, and the keys that are found."""
    pairs = [line.split("=") for line in PAIRS if "=" in line and "|" not in line and not line.startswith("#")]
    return [(query.strip(), set(keys.split())) for query, keys in pairs]


def found(text: str, query: str) -> bool:
    """What the database does with a row's search text."""
    pieces = set(text.split(" "))

    def holds(pattern: Pattern) -> bool:
        return (
            pieces.issuperset(pattern.every)
            and (not pattern.some or not pieces.isdisjoint(pattern.some))
            and all(run in text for run in pattern.runs)
        )

    return any(all(any(map(holds, word)) for word in phrase) for phrase in parse(query))


TEXTS = {key: search_text(*parts) for key, parts in entries().items()}


@pytest.mark.parametrize(("query", "expected"), queries())
def test_search_box_finds_exactly(query: str, expected: set[str]) -> None:
    assert {key for key, text in TEXTS.items() if found(text, query)} == expected
