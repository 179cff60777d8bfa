"""Several counts in one round to the database."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

MOST = 99


def counts(querysets: Sequence[QuerySet[Any]], most: int = MOST) -> list[int]:
    """How many rows each holds, counting no further than one beyond `most`."""
    parts: list[str] = []
    params: list[Any] = []
    for number, rows in enumerate(querysets):
        try:
            sql, values = rows.order_by().values("pk")[: most + 1].query.sql_with_params()
        except EmptyResultSet:
            parts.append("0")
            continue
        parts.append(f"(SELECT count(*) FROM ({sql}) AS counted_{number})")  # noqa: S608 (Django compiled it)
        params += values
    if not parts:
        return []
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", params)
        return [int(number) for number in cursor.fetchone()]
