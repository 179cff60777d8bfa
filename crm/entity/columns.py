"""Columns of lists: a path from the model to a value, with what can be known about it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models.fields.reverse_related import ForeignObjectRel
from django.utils.functional import Promise

from crm.entity.masking import Mask
from crm.fields.definitions import definition
from crm.org.models import Department, User
from crm.record import custom
from crm.record.models import Record
from crm.record.picklists import PicklistField, PicklistSetField

Kind = Literal[
    "text",
    "long",
    "choice",
    "option",
    "options",
    "user",
    "department",
    "record",
    "date",
    "datetime",
    "integer",
    "decimal",
    "bool",
    "phone",
    "email",
    "url",
]
NUMBER_KINDS = ("integer", "decimal")


@dataclass(frozen=True)
class Column:
    """A column that says more than its path: a label of its own, or a kind that the field does not tell."""

    path: str
    label: str | Promise = ""
    kind: Kind | None = None


@dataclass(frozen=True)
class BoundColumn:
    """A column of one model, resolved.

    A custom field is a column like any other: `field` is a model field (without a model), `lookup` leads
    to its value typed as that field says, `value` and `assign` read and write it.
    """

    path: str
    label: str | Promise
    kind: Kind
    field: "models.Field[Any, Any] | None"
    sortable: bool
    # Where the ORM finds the value, to filter, order, group and sum by; the path itself unless given.
    lookup: str = ""
    # Whether one may ask for it in filters, queries and statistics: not where only a part of it may be seen.
    filterable: bool = True
    # Which records show only a part of the value to this reader; None for no mask.
    mask: Mask | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "lookup", self.lookup or self.path)

    @property
    def is_custom(self) -> bool:
        """Whether the company added the field."""
        return custom.is_custom(self.path.rpartition("__")[2])

    @property
    def numeric(self) -> bool:
        """Whether it is right-aligned and can be summed."""
        return self.kind in NUMBER_KINDS

    @property
    def relation(self) -> str | None:
        """The relation that a list has to fetch to show it; users, departments and options come from the cache."""
        if self.mask and "__" in self.mask.owner:
            return self.mask.owner.partition("__")[0]
        if self.kind == "record" and not self.is_custom:
            return self.path
        return self.path.rpartition("__")[0] or None

    def assign(self, record: Any, value: Any) -> None:
        """Put a value on a record; nothing is written yet."""
        if self.is_custom:
            record.set_custom(self.path, value)
        else:
            setattr(record, self.path, value)

    def reference(self, record: Any) -> int | None:
        """The id of the record that a field of this very entity leads to; only of the kind "record"."""
        if self.is_custom:
            return record.custom_value(self.path)  # type: ignore[no-any-return]
        return getattr(record, self.field.attname)  # type: ignore[union-attr,no-any-return]

    def keep(self, record: Any, found: Record) -> None:
        """Remember the record that the field leads to, so that `value` gives it without a query."""
        if self.is_custom:
            record.__dict__.setdefault("_references", {})[self.path] = found
        else:
            record._meta.get_field(self.path).set_cached_value(record, found)

    def value(self, record: Any) -> Any:
        """The value on a record: a foreign key gives its id for cached names, the object for records.

        Several options of a picklist ("options") are a list of ids.
        """
        *way, last = self.path.split("__")
        for step in way:
            record = getattr(record, step)
            if record is None:
                return None
        if custom.is_custom(last):
            return record.reference(last) if self.kind == "record" else record.custom_value(last)
        if self.kind in ("user", "department", "option"):
            return getattr(record, f"{last}_id")
        return getattr(record, last)


def bind(model: type[models.Model], column: str | Column) -> BoundColumn:
    """Resolve a declared column; raises FieldDoesNotExist or AttributeError for a path that leads nowhere."""
    declared = Column(column) if isinstance(column, str) else column
    owner, last = _walk(model, declared.path)
    if custom.is_custom(last):
        return _bind_custom(owner, last, declared)
    try:
        found = owner._meta.get_field(last)
    except FieldDoesNotExist:
        return _bind_property(owner, last, declared)
    if isinstance(found, ForeignObjectRel):
        raise FieldDoesNotExist(f"{declared.path} leads to many records")
    return BoundColumn(
        path=declared.path,
        label=declared.label or _label(model, found, declared.path),
        kind=declared.kind or ("phone" if last in getattr(owner, "search_phones", ()) else kind_of(found)),
        field=found,
        sortable="__" not in declared.path and is_indexed(model, last),
    )


def load_references(columns: Iterable[BoundColumn], records: Sequence[Any], user: "User") -> None:
    """Load the records to which custom fields of these records lead, as far as the user may see them.

    One query per field that leads anywhere; what the user may not see stays unnamed.
    """
    for column in columns:
        if column.kind != "record" or not column.is_custom or "__" in column.path:
            continue
        ids = {record.pk: pk for record in records if (pk := column.reference(record)) is not None}
        if ids:
            target: Any = column.field.related_model  # type: ignore[union-attr]
            found = target.objects.visible_to(user).defer("search").in_bulk(set(ids.values()))
            for record in records:
                if ids.get(record.pk) in found:
                    column.keep(record, found[ids[record.pk]])


def field_of(model: type[models.Model], name: str) -> "models.Field[Any, Any]":
    """The field of this name, built in or custom; FieldDoesNotExist if there is none."""
    found: Any = custom.custom_field(name) if custom.is_custom(name) else model._meta.get_field(name)
    if found is None:
        raise FieldDoesNotExist(name)
    return found  # type: ignore[no-any-return]


def kind_of(field: "models.Field[Any, Any]") -> Kind:
    """How values of a model field read."""
    if isinstance(field, PicklistField):
        return "option"
    if isinstance(field, PicklistSetField):
        return "options"
    if isinstance(field, models.ForeignKey):
        return _kind_of_relation(field.related_model)
    if field.choices:
        return "choice"
    for base, kind in KINDS.items():
        if isinstance(field, base):
            return kind
    return "text"


KINDS: dict[type, Kind] = {
    models.DateTimeField: "datetime",
    models.DateField: "date",
    models.BooleanField: "bool",
    models.IntegerField: "integer",
    models.DecimalField: "decimal",
    models.EmailField: "email",
    models.URLField: "url",
    models.TextField: "long",
}


def is_indexed(model: type[models.Model], name: str) -> bool:
    """Whether an index leads with this column, so that a list may be sorted by it at any size."""
    field = model._meta.get_field(name)
    if field.is_relation:
        return False
    if getattr(field, "primary_key", False) or getattr(field, "unique", False) or getattr(field, "db_index", False):
        return True
    return any(_leading(index) == name for index in model._meta.indexes)


def _leading(index: models.Index) -> str:
    if index.fields_orders:
        return str(index.fields_orders[0][0])
    expression = index.expressions[0] if index.expressions else None
    inner = getattr(expression, "expression", None)
    return str(getattr(inner, "name", ""))


def _walk(model: type[models.Model], path: str) -> tuple[type[models.Model], str]:
    *way, last = path.split("__")
    for step in way:
        model = model._meta.get_field(step).related_model  # type: ignore[assignment]
    return model, last


def _bind_custom(owner: type[models.Model], name: str, declared: Column) -> BoundColumn:
    defined = definition(name)
    if defined is None or not issubclass(owner, Record) or defined.entity != owner.key():
        raise FieldDoesNotExist(f"{declared.path} is no custom field of this model")
    field, way = custom.field_of(defined), declared.path.removesuffix(name)
    kind = declared.kind or kind_of(field)
    return BoundColumn(
        path=declared.path,
        label=declared.label or defined.text,
        kind=kind,
        field=field,
        sortable=defined.filterable and not way and kind != "options",
        lookup=f"{way}{custom.COLUMN}__{name}",
    )


def _bind_property(owner: type[models.Model], name: str, declared: Column) -> BoundColumn:
    found = getattr(owner, name)
    label = declared.label or getattr(found, "short_description", name)
    return BoundColumn(declared.path, label, declared.kind or "text", None, sortable=False)


def _label(model: type[models.Model], field: "models.Field[Any, Any]", path: str) -> str | Promise:
    first = path.split("__")[0]
    if "__" in path and field.name == getattr(field.model, "name_field", ""):
        return model._meta.get_field(first).verbose_name  # type: ignore[union-attr]
    return field.verbose_name


def _kind_of_relation(target: Any) -> Kind:
    if target is User:
        return "user"
    if target is Department:
        return "department"
    return "record" if isinstance(target, type) and issubclass(target, Record) else "text"
