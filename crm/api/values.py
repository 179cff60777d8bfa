"""Values of records as JSON.

Days and instants are ISO 8601, instants with their offset; decimals are strings; references are {id, label}.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from crm.entity.columns import BoundColumn
from crm.record.models import Record
from crm.record.names import Names

if TYPE_CHECKING:
    from crm.org.models import User

Schema = dict[str, Any]

REFERENCES = ("user", "department", "option", "record")
SCHEMAS: Mapping[str, Schema] = {
    "text": {"type": ["string", "null"]},
    "date": {"type": ["string", "null"], "format": "date"},
    "datetime": {"type": ["string", "null"], "format": "date-time"},
    "integer": {"type": ["integer", "null"]},
    "decimal": {"type": ["string", "null"], "pattern": r"^-?\d+(\.\d+)?$"},
    "bool": {"type": ["boolean", "null"]},
    **{kind: {"anyOf": [{"$ref": "#/components/schemas/reference"}, {"type": "null"}]} for kind in REFERENCES},
    "options": {"type": "array", "items": {"$ref": "#/components/schemas/reference"}},
}
REFERENCE: Schema = {
    "type": "object",
    "required": ["id", "label"],
    "properties": {"id": {"type": "integer"}, "label": {"type": ["string", "null"]}},
    "description": "What a field refers to. The label is null where its reader may not see it.",
}


def schema_of(column: BoundColumn) -> Schema:
    """What a column's values look like."""
    schema = {"title": str(column.label), **SCHEMAS.get(column.kind, SCHEMAS["text"])}
    if column.kind == "choice" and column.field is not None:
        schema["x-labels"] = {str(value): str(label) for value, label in column.field.flatchoices}
    return schema


class Rendering:
    """Records of one type as JSON, for one reader: other records are named only as far as the reader may see them."""

    def __init__(self, columns: Sequence[BoundColumn], records: Sequence[Any], user: "User", names: Names) -> None:
        self.columns, self.records, self.names = columns, records, names
        self._labels = self._load_labels(user)

    def rows(self) -> list[dict[str, Any]]:
        """All records, each with its id and version."""
        return [self._row(record) for record in self.records]

    def _row(self, record: Any) -> dict[str, Any]:
        fields = {column.path: self._value(column, record) for column in self.columns}
        return {"id": record.pk, "version": record.version, **fields}

    def _value(self, column: BoundColumn, record: Any) -> Any:
        if not self._reaches(column, record):
            return None
        if column.kind == "options":
            return [self._reference("option", pk, column) for pk in column.value(record) or ()]
        if column.kind in REFERENCES:
            pk = _pk(column, record)
            return None if pk is None else self._reference(column.kind, pk, column)
        return plain(column.value(record))

    def _reaches(self, column: BoundColumn, record: Any) -> bool:
        """Whether the reader may see the record that a path such as `customer__phone` leads through."""
        hop, leads_on, _rest = column.path.partition("__")
        if not leads_on:
            return True
        field = record._meta.get_field(hop)
        known = self._labels.get(field.related_model)
        return known is None or getattr(record, field.attname) in known

    def _reference(self, kind: str, pk: int, column: BoundColumn) -> dict[str, Any]:
        match kind:
            case "user":
                label = self.names.users.get(pk)
            case "department":
                label = self.names.departments.get(pk)
            case "option":
                label = option.label if (option := self.names.options.get(pk)) else None
            case _:
                label = self._labels.get(_target(column), {}).get(pk)
        return {"id": pk, "label": label}

    def _load_labels(self, user: "User") -> Mapping[Any, Mapping[int, str]]:
        """The names of the records that these refer to, by one query for each type."""
        wanted: dict[Any, set[int]] = defaultdict(set)
        for record in self.records:
            for model, pk in _named(self.columns, record):
                wanted[model].add(pk)
        return {
            model: {row.pk: str(row) for row in model.objects.visible_to(user).filter(pk__in=ids).defer("search")}
            for model, ids in wanted.items()
        }


def _named(columns: Sequence[BoundColumn], record: Any) -> Iterator[tuple[Any, int]]:
    """The other records that a record's columns name or lead through, as (model, id)."""
    for hop in {column.path.partition("__")[0] for column in columns if "__" in column.path}:
        field = record._meta.get_field(hop)
        if issubclass(field.related_model, Record) and getattr(record, field.attname) is not None:
            yield field.related_model, getattr(record, field.attname)
    for column in columns:
        if column.kind == "record" and "__" not in column.path and (pk := _pk(column, record)) is not None:
            yield _target(column), pk


def _target(column: BoundColumn) -> Any:
    return column.field.related_model if column.field is not None else None


def _pk(column: BoundColumn, record: Any) -> int | None:
    """The id that a reference holds, without loading what it refers to."""
    if column.kind == "record" and "__" not in column.path:
        return column.reference(record)
    value = column.value(record)
    return getattr(value, "pk", value)  # type: ignore[no-any-return]


def plain(value: Any) -> Any:
    """A value as JSON has it; decimals and whatever JSON does not know as text."""
    match value:
        case None | bool() | int() | str():
            return value
        case datetime():
            return timezone.localtime(value).isoformat(timespec="seconds")
        case date():
            return value.isoformat()
    return str(value)
