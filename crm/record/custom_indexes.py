"""Indexes over custom fields by which records are filtered, sorted or kept apart.

They are built and dropped without locking the table, so outside of any transaction.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection

from crm.fields.definitions import Definition, definitions
from crm.kernel import registry
from crm.record.custom import COLUMN, field_of, sql_of
from crm.record.picklists import PicklistSetField

PREFIX = "custom_cf_"

EXISTING = """
SELECT c.relname, coalesce(obj_description(c.oid, 'pg_class'), ''), i.indisvalid
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND starts_with(c.relname, %s)
"""


@dataclass(frozen=True)
class Plan:
    """What is to be done: the names of indexes to drop, and name → definition of those to build."""

    drop: tuple[str, ...]
    build: dict[str, str]

    def __bool__(self) -> bool:
        return bool(self.drop or self.build)


def plan() -> Plan:
    """What lies between the indexes that there are and those that the definitions ask for."""
    wanted = {
        f"{PREFIX}{each.pk}": sql
        for found in definitions().by_entity.values()
        for each in found
        if (each.filterable or each.unique) and (sql := _definition(each))
    }
    with connection.cursor() as cursor:
        cursor.execute(EXISTING, [PREFIX])
        existing = {name: (sql, valid) for name, sql, valid in cursor.fetchall()}
    good = {name for name, (sql, valid) in existing.items() if valid and wanted.get(name) == sql}
    return Plan(
        drop=tuple(sorted(set(existing) - good)),
        build={name: sql for name, sql in wanted.items() if name not in good},
    )


def carry_out(todo: Plan) -> None:
    """Drop and build; on a connection of its own, since neither can be part of a transaction."""
    quoted = connection.ops.quote_name
    own: Any = connection.copy()
    try:
        with own.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [PREFIX])
            if not cursor.fetchone()[0]:
                return  # somebody is at it; what they leave undone is found the next time
            for name in todo.drop:
                cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {quoted(name)}")
            for name, sql in todo.build.items():
                cursor.execute(f"CREATE INDEX CONCURRENTLY {quoted(name)} {sql}")
                # What it was made of: PostgreSQL's own wording of it could not be compared.
                cursor.execute(f"COMMENT ON INDEX {quoted(name)} IS %s", [sql])
    finally:
        own.close()


def _definition(defined: Definition) -> str:
    """The index of a field, after its name: in the order of lists, so that it also sorts."""
    entity = next((each for each in registry.entities() if each.model.key() == defined.entity), None)
    if entity is None:
        return ""
    field = field_of(defined)
    value = sql_of(field, f'"{COLUMN}"')
    table = f'ON "{entity.model._meta.db_table}"'
    if isinstance(field, PicklistSetField):
        return f"{table} USING gin ({value}) WHERE deleted_at IS NULL"
    return f"{table} (({value}) DESC NULLS LAST, id DESC) WHERE deleted_at IS NULL"
