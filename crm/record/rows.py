"""Inserting rows of one table, one or thousands."""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, TypeVar

from django.db import connection, models

M = TypeVar("M", bound=models.Model)

# From so many rows on COPY wins: Django's INSERT prepares every value in Python and has PostgreSQL parse it as SQL.
MANY = 100
BATCH = 1000
# Values of these are what the driver takes; the others are asked for what the database shall get.
PLAIN = (
    models.AutoField, models.BooleanField, models.CharField, models.DateField, models.DecimalField,
    models.ForeignKey, models.IntegerField, models.TextField,
)  # fmt: skip


def insert_rows(rows: Sequence[M], ready: Callable[[M], None] = lambda row: None) -> None:
    """Insert new rows of one model, all or none, and give each its id. Neither `save` nor `full_clean` is called.

    `ready` may put the last touch to each row; the database takes in the rows before it meanwhile.
    """
    if not rows:
        return
    model = type(rows[0])
    if len(rows) < MANY:
        for row in rows:
            ready(row)
        model._base_manager.bulk_create(rows, batch_size=BATCH)
        return
    fields = model._meta.concrete_fields
    table, key = model._meta.db_table, model._meta.pk
    columns = ", ".join(f'"{field.column}"' for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [f'"{table}"', key.column, len(rows)],
        )
        for row, (pk,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = pk
        values = _values_of(fields)
        with connection.wrap_database_errors, cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN') as copy:
            for row in rows:
                ready(row)
                copy.write_row(values(row))
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def insert_values(
    model: type[models.Model], common: Mapping[str, Any], names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Insert new rows of which nobody needs the objects; `names` are the columns' attributes, `common` those alike.

    Every column must be given. A thousand rows cost a tenth of what their objects would.
    """
    if len(rows) < MANY:
        insert_rows([model(**common, **dict(zip(names, row, strict=True))) for row in rows])
        return
    fields = {field.attname: field for field in model._meta.concrete_fields}
    columns = ", ".join(f'"{fields[name].column}"' for name in (*common, *names))
    shared = [fields[name].get_db_prep_save(value, connection) for name, value in common.items()]
    prepare = [None if _is_plain(fields[name]) else fields[name].get_db_prep_save for name in names]
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(f'COPY "{model._meta.db_table}" ({columns}) FROM STDIN') as copy,
    ):
        for row in rows:
            own = [value if ask is None else ask(value, connection) for value, ask in zip(row, prepare, strict=True)]
            copy.write_row([*shared, *own])


def _values_of(fields: Sequence["models.Field[Any, Any]"]) -> Callable[[models.Model], Sequence[Any]]:
    """A function that gives a row's values in the order of the fields."""
    pick = itemgetter(*(field.attname for field in fields))
    others = [(place, field) for place, field in enumerate(fields) if not _is_plain(field)]

    def plain(row: models.Model) -> Sequence[Any]:
        return pick(row.__dict__)  # type: ignore[no-any-return]

    def prepared(row: models.Model) -> Sequence[Any]:
        values = list(plain(row))
        for place, field in others:
            values[place] = field.get_db_prep_save(field.pre_save(row, add=True), connection)
        return values

    return prepared if others else plain


def _is_plain(field: "models.Field[Any, Any]") -> bool:
    fills_itself = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    return isinstance(field, PLAIN) and not fills_itself
