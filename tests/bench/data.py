"""Load the measured data set by COPY.

DATABASE_URL=… python -m tests.bench.data 1m     into an empty database
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import django

SCALES = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000}


def main(scale: str) -> None:
    """Migrate the database and fill it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from tests.bench.rows import Rows

    call_command("migrate", verbosity=0)
    rows = Rows(SCALES[scale])
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '1GB'")
        for model, values in rows.tables():
            _load(cursor, model, values)
        cursor.execute("VACUUM ANALYZE")


def _load(cursor: Any, model: Any, values: Iterator[dict[str, Any]]) -> None:
    started = time.monotonic()
    fields = model._meta.concrete_fields
    usual = [(field.name, field.get_default()) for field in fields]
    table = model._meta.db_table
    columns = ", ".join(f'"{field.column}"' for field in fields)
    with _without_indexes(cursor, table), cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN') as copy:
        for pk, row in enumerate(values, 1):
            row["id"] = pk
            copy.write_row([_value(row.get(name, default)) for name, default in usual])
    cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, pk])
    print(f"{table}: {pk:,} rows in {time.monotonic() - started:.0f} s", flush=True)


def _value(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict) else value


@contextmanager
def _without_indexes(cursor: Any, table: str) -> Iterator[None]:
    """Indexes and foreign keys are made after the rows are in: ten times faster than row by row."""
    from crm.record.search import STATISTICS

    cursor.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'",
        [table],
    )
    keys = cursor.fetchall()
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index i WHERE indrelid = %s::regclass"
        " AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)",
        [table],
    )
    indexes = cursor.fetchall()
    for name, _ in keys:
        cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")
    yield
    for name, definition in indexes:
        cursor.execute(definition)
        if name.endswith("_search"):
            cursor.execute(f"ALTER INDEX {name} ALTER COLUMN 1 SET STATISTICS {STATISTICS}")
    for name, definition in keys:
        cursor.execute(f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {definition}')


if __name__ == "__main__":
    main(sys.argv[1])
