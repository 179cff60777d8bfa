"""What holds of the data at any moment, as SQL that finds the rows for which it does not.

    @invariants
    def mine() -> Iterable[Invariant]:
        yield Invariant("P1", _("…"), "SELECT id FROM … WHERE NOT …")

An app names its own in `invariants.py`. `manage.py check_invariants` and a nightly job run them all.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.utils.functional import Promise

SHOWN = 20  # rows of one invariant that a report lists


@dataclass(frozen=True)
class Invariant:
    """One rule: its name, what it says, and a query that finds the rows that break it."""

    name: str
    says: str | Promise
    sql: str
    params: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Broken:
    """An invariant that does not hold: how many rows break it, and the first of them."""

    invariant: Invariant
    count: int
    rows: list[dict[str, Any]] = field(default_factory=list)


Source = Callable[[], Iterable[Invariant]]

_sources: list[Source] = []


def invariants(source: Source) -> Source:
    """Decorator: the function gives some invariants. It is called when all entities are known."""
    _sources.append(source)
    return source


def every() -> list[Invariant]:
    """All invariants."""
    return [invariant for source in _sources for invariant in source()]


def check() -> list[Broken]:
    """Those that do not hold now; changes nothing."""
    return [broken for invariant in every() if (broken := _check(invariant))]


def _check(invariant: Invariant) -> Broken | None:
    with connection.cursor() as cursor:
        # The queries are our own; nothing of them comes from outside.
        sql = f"SELECT count(*) OVER (), found.* FROM ({invariant.sql}) AS found LIMIT {SHOWN}"  # noqa: S608
        cursor.execute(sql, invariant.params)
        rows = cursor.fetchall()
        names = [column.name for column in cursor.description or ()][1:]
    return Broken(invariant, rows[0][0], [dict(zip(names, row[1:], strict=True)) for row in rows]) if rows else None
