"""The columns that an entity exchanges with files: its declaration, and the fields that the company added.

The reader's catalogue decides: what is hidden from somebody is neither imported nor exported, what they
may only read is not imported, what they see in part is exported so.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, URLValidator
from django.db.models import CharField, TextField, URLField
from import_export.fields import Field
from import_export.resources import Resource

from crm.entity.catalogue import catalogue
from crm.entity.columns import BoundColumn, bind, kind_of
from crm.entity.declare import Entity, Exchange
from crm.exchange.files.columns import Column as FileColumn
from crm.exchange.files.columns import Kind
from crm.exchange.files.columns import column as file_column
from crm.exchange.files.read import Value
from crm.exchange.values import ChoiceReader, Reader, RecordReader, reader_for
from crm.fields.definitions import definition, definitions
from crm.record.names import names

if TYPE_CHECKING:
    from django.db import models

    from crm.org.models import User

    _Resource = Resource[Any]
else:
    _Resource = Resource


UNLIMITED = 10**9
MOST_URL = 253  # characters of a host name
# Addresses that Django's validator takes for certain; it needs thirty times as long to say so.
PLAIN_URL = re.compile(r"https?://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}(?:/[\w./?&=%+-]*)?", re.ASCII)


class Column(Field):
    """One field of the entity, built in or custom, as a column of a file."""

    def __init__(self, bound: BoundColumn, field: "models.Field[Any, Any]", reader: Reader) -> None:
        super().__init__(attribute=bound.path, column_name=str(bound.label), widget=reader)
        self.bound, self.field, self.reader = bound, field, reader
        self.name: str = bound.path
        # Most cells need neither a reader nor a validator: a text that fits, a choice by its exact label.
        text = type(reader).clean is Reader.clean
        self._most = _most_of(field, (CharField, TextField), MaxLengthValidator) if text else 0
        self._most_url = min(_most_of(field, (URLField,), MaxLengthValidator, URLValidator), MOST_URL)
        self._exact: Mapping[str, Any] = reader.values if isinstance(reader, ChoiceReader) else {}

    @property
    def label(self) -> str:
        """The heading."""
        return str(self.bound.label)

    @property
    def required(self) -> bool:
        """Whether a new record cannot do without it."""
        defined = definition(self.name) if self.bound.is_custom else None
        return not self.field.blank and not self.field.has_default() and not (defined and defined.default)

    @property
    def path(self) -> str:
        """Where a query finds what `render` takes."""
        if self.bound.is_custom:
            return self.bound.lookup
        return (
            f"{self.name}__{self.reader.model.name_field}"
            if isinstance(self.reader, RecordReader)
            else self.field.attname
        )

    @property
    def render(self) -> Callable[[Any], Any] | None:
        """What turns a stored value into a cell; None where it is written as it is."""
        if type(self.reader).render is Reader.render and not self.bound.mask:
            return None
        return self.reader.render

    def read(self, value: Value, row: Mapping[str, Any]) -> Any:
        """A cell as the value to store; `row` holds those already read. ValidationError with a sentence."""
        if type(value) is str:
            if value in self._exact:
                return self._exact[value]
            if self._most and len(text := value.strip()) <= self._most:
                return text
        found = self.reader.clean(value, row)
        # `clean` would look relations and choices up again.
        if self.field.is_relation or self.field.choices:
            return found
        if self._most_url and len(found) <= self._most_url and PLAIN_URL.fullmatch(found):
            return found
        return self.field.clean(found, None)

    def for_file(self) -> FileColumn:
        """How it is written."""
        return file_column(self.label, Kind.MIXED if self.bound.mask else self.reader.kind)


class EntityResource(_Resource):
    """What one user exchanges with files of one entity."""

    def __init__(self, entity: Entity, user: "User") -> None:
        super().__init__()
        self.entity, self.user = entity, user
        self.names = names(getattr(user, "org_stamp", None))
        self.catalogue = catalogue(entity, user)

    @property
    def exchange(self) -> Exchange:
        """The entity's declaration; only entities that have one are exchanged."""
        if self.entity.exchange is None:
            raise ValueError(f"{self.entity.key} is not exchanged")
        return self.entity.exchange

    @cached_property
    def importable(self) -> dict[str, Column]:
        """What an import may fill, by name; also what only finds the existing record, such as the number.

        Columns that are read with the help of another one stand behind it.
        """
        columns = self._columns([*self.writable, *self.finders])
        return dict(sorted(columns.items(), key=lambda item: bool(getattr(item[1].reader, "shared", ""))))

    @cached_property
    def exchanged(self) -> list[str]:
        """The declared fields and the company's own ones, whoever reads them."""
        own = definitions(getattr(self.user, "org_stamp", None)).of(self.entity.model.key())
        return [*self.exchange.fields, *(each.name for each in own)]

    @cached_property
    def writable(self) -> list[str]:
        """The exchanged fields that this user may see and change."""
        return [
            name for name in self.exchanged if name in self.catalogue.fields and name not in self.catalogue.read_only
        ]

    @cached_property
    def keys(self) -> list[tuple[str, ...]]:
        """The alternatives by which an existing record is found, as far as the user may see their fields."""
        return [key for key in self.exchange.key if all(name in self.catalogue.fields for name in key)]

    @cached_property
    def finders(self) -> list[str]:
        """Fields that find an existing record but are never written."""
        return list(dict.fromkeys(name for key in self.keys for name in key if name not in self.writable))

    @cached_property
    def exportable(self) -> dict[str, Column]:
        """What an export may hold, by name: number, exchanged fields, then whatever else the user may see."""
        every = [*self.finders, *self.exchanged, *self.exchange.export_only, *self.catalogue.fields]
        return self._columns(dict.fromkeys(every))

    @cached_property
    def required(self) -> list[Column]:
        """The columns without which no record can be created."""
        return [column for column in self.importable.values() if column.required and column.name not in self.finders]

    @cached_property
    def may_fill_new(self) -> bool:
        """Whether the user may fill in all that a new record needs."""
        needed = (bind(self.entity.model, name) for name in self.exchanged if name not in self.writable)
        return not any(self._column(bound).required for bound in needed)

    def prepare(self, rows: Sequence[Mapping[str, Value]]) -> None:
        """Look up what a chunk of rows refers to, one query for each column that refers to something."""
        for name, column in self.importable.items():
            cells = [row[name] for row in rows if row.get(name) is not None]
            column.reader.prepare(cells, self.user)

    def read(self, row: Mapping[str, Value]) -> tuple[dict[str, Any], dict[str, str]]:
        """The values of a row and, for the cells that have none to take, the sentences; both by field name."""
        values: dict[str, Any] = {}
        errors: dict[str, str] = {}
        for name, column in self.importable.items():
            cell = row.get(name)
            if cell is None or cell == "":
                continue
            try:
                values[name] = column.read(cell, values)
            except ValidationError as error:
                errors[name] = " ".join(error.messages)
        return values, errors

    def _columns(self, names: Iterable[str]) -> dict[str, Column]:
        """The fields among these names that the user may see, as columns."""
        bounds = self.catalogue.choose(names)
        return {
            bound.path: self._column(bound) for bound in bounds if bound.field is not None and "__" not in bound.path
        }

    def _column(self, bound: BoundColumn) -> Column:
        field: Any = bound.field
        return Column(bound, field, reader_for(self.entity.model, field, kind_of(field), self.names))


def _most_of(field: "models.Field[Any, Any]", types: Sequence[type], *validators: type) -> int:
    """The longest text that a field of these types takes, if it checks nothing but what is named; else 0."""
    if type(field) not in types or any(type(validator) not in validators for validator in field.validators):
        return 0
    return field.max_length or UNLIMITED
