"""The search column's index and the condition that a search box adds to a query.

`string_to_array(search, ' ')` gives a GIN index the pieces of crm.kernel.text.pieces. A row is
found when it holds the pieces of a pattern and, as it is, the stretch of text that they come from.

A list asks for the newest fifty rows, so PostgreSQL has two ways: take all matches from the index
and sort them (right for rare words), or walk the rows in the list's order until fifty match (right
for common ones). Three things let it choose well: fine statistics of the index; `strpos`, the cheap
look at a row that spares nearly all of them the cutting into pieces; and its form `> 0`, which the
planner takes for one row in three (a LIKE would be multiplied in and make common words look rare).
"""

from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Func, Q, TextField, Value

from crm.kernel.text.pieces import search_text
from crm.kernel.text.query import Pattern, Phrase, parse

__all__ = ["PIECES", "Finds", "SearchIndex", "matches", "search_text"]

PIECES = Func(F("search"), Value(" "), function="string_to_array", output_field=ArrayField(TextField()))
NOTHING = Q(pk__in=[])
STATISTICS = 500


class SearchIndex(GinIndex):
    """The index on the search column of a record table, with statistics of its five thousand commonest pieces.

    A row has a hundred pieces. New ones wait in a list that is merged about every hundred rows: a
    quarter of the work per written row, while a list this short costs a search nothing measurable.
    """

    def __init__(self, *expressions: Any, **options: Any) -> None:
        options = {"fastupdate": True, "gin_pending_list_limit": 256, **options}
        super().__init__(*(expressions or (PIECES,)), **options)

    def create_sql(self, model: type[models.Model], schema_editor: Any, using: str = "", **options: Any) -> Any:
        """Django's hook: the statement that makes the index, and the one that sets its statistics."""
        statement = super().create_sql(model, schema_editor, using, **options)
        name = schema_editor.quote_name(self.name)
        statement.template += f"; ALTER INDEX {name} ALTER COLUMN 1 SET STATISTICS {STATISTICS}"
        return statement


def matches(query: str | tuple[Phrase, ...], field: str = "search") -> Q:
    """The rows that a search box finds; `field` may lead to another record's search column.

    The query is what was typed, or phrases made of it. One without any letter or digit finds
    nothing; an empty one must not be asked.
    """
    phrases = parse(query) if isinstance(query, str) else query
    return Q(**{f"{field}__finds": query}) if phrases else NOTHING


@TextField.register_lookup
class Finds(models.Lookup[Any]):
    """`search__finds="wlkj"`: what the user typed, or phrases of it, as conditions on a search column's pieces."""

    lookup_name = "finds"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """SQL and parameters; any phrase, of it all words, of each any pattern."""
        column, column_params = self.process_lhs(compiler, connection)
        if column_params:
            raise ValueError("only a column can be searched")
        phrases = parse(self.rhs) if isinstance(self.rhs, str) else self.rhs
        sql, params = _any([_phrase(column, phrase) for phrase in phrases])
        return sql, tuple(params)


Sql = tuple[str, list[Any]]


def _phrase(column: str, phrase: Phrase) -> Sql:
    return _all([_any([_pattern(column, pattern) for pattern in word]) for word in phrase])


def _pattern(column: str, pattern: Pattern) -> Sql:
    pieces = f"string_to_array({column}, ' ')"
    parts: list[Sql] = [(f"strpos({column}, %s) > 0", [run]) for run in pattern.runs]
    if pattern.every:
        parts.append((f"{pieces} @> %s::text[]", [list(pattern.every)]))
    if pattern.some:
        parts.append((f"{pieces} && %s::text[]", [list(pattern.some)]))
    return _all(parts)


def _all(parts: Sequence[Sql]) -> Sql:
    return _joined(" AND ", parts)


def _any(parts: Sequence[Sql]) -> Sql:
    return _joined(" OR ", parts)


def _joined(word: str, parts: Sequence[Sql]) -> Sql:
    if len(parts) == 1:
        return parts[0]
    return f"({word.join(sql for sql, _ in parts)})", [param for _, params in parts for param in params]
