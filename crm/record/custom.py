"""Custom fields of records: their values in one column, each typed as its definition says.

A definition becomes a Django field that stands in no model: forms, filters, files and history ask it
what they ask any other. `custom__cf_3` is a path of the ORM whose value has that field's type.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinLengthValidator, MinValueValidator
from django.db import connection, models
from django.utils.translation import gettext_lazy

from crm.fields.definitions import Definition, definition, definitions
from crm.fields.models import PREFIX, CustomKind
from crm.fields.patterns import PatternValidator
from crm.kernel import registry
from crm.kernel.errors import Invalid
from crm.org.models import Department, User
from crm.record.picklists import PicklistField, PicklistOption, PicklistSetField

if TYPE_CHECKING:
    from crm.record.models import Record

COLUMN = "custom"
TEXT_LENGTH, ADDRESS_LENGTH, LONG_LENGTH = 200, 200, 4000
DIGITS = 18
TAKEN = gettext_lazy("Another record has this value already.")


# -- definitions as Django fields ------------------------------------------------------------------


@lru_cache(maxsize=4096)
def field_of(defined: Definition) -> "models.Field[Any, Any]":
    """The Django field of a definition; it belongs to no model."""
    made = _made(defined)
    made.set_attributes_from_name(defined.name)
    made.editable = True
    return made  # type: ignore[no-any-return]


def custom_field(name: str) -> "models.Field[Any, Any] | None":
    """The Django field of a custom field's name, also of a retired one; None if there is none."""
    defined = definition(name)
    return field_of(defined) if defined else None


def is_custom(name: str) -> bool:
    """Whether a name is that of a custom field."""
    return name.startswith(PREFIX)


def list_key(name: str) -> str:
    """The picklist that holds the options of a custom field."""
    return f"custom.{name}"


def _made(defined: Definition) -> Any:
    common: dict[str, Any] = {
        "verbose_name": defined.text,
        "help_text": defined.help,
        "blank": not defined.required,
        "null": True,
    }
    match defined.kind:
        case CustomKind.LONG:
            return models.TextField(
                max_length=defined.max_length or LONG_LENGTH, validators=_of_text(defined), **common
            )
        case CustomKind.NUMBER | CustomKind.MONEY:
            places = 2 if defined.kind == CustomKind.MONEY else defined.decimals
            limits = _of_number(defined)
            if not places:
                return models.BigIntegerField(validators=limits, **common)
            return models.DecimalField(max_digits=DIGITS, decimal_places=places, validators=limits, **common)
        case CustomKind.DATE:
            return models.DateField(**common)
        case CustomKind.DATETIME:
            return models.DateTimeField(**common)
        case CustomKind.BOOL:
            return models.BooleanField(**{**common, "blank": True, "null": False}, default=False)
        case CustomKind.CHOICE:
            return PicklistField(list=list_key(defined.name), to=PicklistOption, **common)
        case CustomKind.CHOICES:
            return PicklistSetField(list=list_key(defined.name), **common)
        case CustomKind.USER:
            return _reference(User, common)
        case CustomKind.DEPARTMENT:
            return _reference(Department, common)
        case CustomKind.REFERENCE if (target := registry.find(defined.target)) is not None:
            return _reference(target.model, common)
        case CustomKind.URL:
            return models.URLField(max_length=defined.max_length or TEXT_LENGTH, **common)
    return models.CharField(max_length=defined.max_length or TEXT_LENGTH, validators=_of_text(defined), **common)


def _reference(model: Any, common: dict[str, Any]) -> Any:
    return models.ForeignKey(model, on_delete=models.DO_NOTHING, related_name="+", **common)


def _of_text(defined: Definition) -> list[Any]:
    found: list[Any] = [MinLengthValidator(defined.min_length)] if defined.min_length else []
    return [*found, PatternValidator(defined.pattern)] if defined.pattern else found


def _of_number(defined: Definition) -> list[Any]:
    found: list[Any] = [MinValueValidator(defined.minimum)] if defined.minimum is not None else []
    return [*found, MaxValueValidator(defined.maximum)] if defined.maximum is not None else found


# -- values ----------------------------------------------------------------------------------------


def encode(value: Any) -> Any:
    """A value as the column keeps it: dates and decimals as text, what refers to something as ids."""
    match value:
        case None | "":
            return None
        case models.Model():
            return value.pk
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case list() | tuple() | set() | frozenset():
            return [encode(each) for each in value] or None
    return value


def decode(field: "models.Field[Any, Any]", stored: Any) -> Any:
    """The value of a stored one; of what refers to something the id, of several options the ids."""
    if stored is None:
        return None
    try:
        return (field.target_field if field.is_relation else field).to_python(stored)  # type: ignore[attr-defined]
    except (ValidationError, TypeError):
        return None


def as_text(stored: Any) -> str | None:
    """A stored value as the change history keeps it."""
    if isinstance(stored, list):
        return ",".join(map(str, stored))
    return None if stored is None else str(stored)


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Name → stored (old, new) value, of the custom fields that differ."""
    return {name: (old.get(name), new.get(name)) for name in {**old, **new} if old.get(name) != new.get(name)}


# -- what writing asks for -------------------------------------------------------------------------


def before_write(records: Sequence["Record"], by: "User | None") -> None:
    """Fill in defaults of new records, forget what is empty, and see to it that unique values are; Invalid if not."""
    defined = definitions(getattr(by, "org_stamp", None)).of(type(records[0]).key())
    defaults = {each.name: each for each in defined if each.default}
    for record in records:
        held = record.custom
        if defaults and record.pk is None:
            held = {**{name: default_of(each) for name, each in defaults.items()}, **held}
        if None in held.values():
            held = {name: value for name, value in held.items() if value is not None}
        record.custom = held
    for each in defined:
        if each.unique:
            _check_unique(each, records)


def default_of(defined: Definition) -> Any:
    """The default as a record stores it; None if what was written there means nothing."""
    field = field_of(defined)
    try:
        if isinstance(field, PicklistSetField):
            return [int(part) for part in defined.default.split(",") if part.strip().isdigit()] or None
        if isinstance(field, models.BooleanField):
            return defined.default == "true" or None
        return encode(decode(field, defined.default))
    except (ValidationError, ValueError):
        return None


def _check_unique(defined: Definition, records: Sequence["Record"]) -> None:
    """Two writers of the same value meet at the lock, so that the second sees what the first wrote."""
    name, model = defined.name, type(records[0])
    changed = [r for r in records if r.custom.get(name) is not None and _differs(r, name)]
    if not changed:
        return
    values = [record.custom[name] for record in changed]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s), %s)", ["custom field", defined.pk])
    field = field_of(defined)
    others = model._base_manager.filter(deleted_at=None).exclude(pk__in=[r.pk for r in changed if r.pk])
    taken = others.filter(**{f"{COLUMN}__{name}__in": [decode(field, value) for value in values]})
    if len(set(map(str, values))) < len(values) or taken.exists():
        raise Invalid({name: [TAKEN]})


def _differs(record: "Record", name: str) -> bool:
    loaded = record.__dict__.get("_loaded", {}).get(COLUMN) or {}
    return record.pk is None or bool(loaded.get(name) != record.custom.get(name))


def searched(record: "Record") -> Iterable[str]:
    """The texts of the custom fields by which the search box finds a record."""
    if not record.custom:
        return
    for name, value in record.custom.items():
        defined = definition(name)
        if defined and defined.searchable and defined.active and value is not None:
            yield str(value)


# -- paths of the ORM ------------------------------------------------------------------------------


class Reference(models.BigIntegerField[Any, Any]):
    """The id of something; an object serves as its id."""

    def get_prep_value(self, value: Any) -> Any:
        """What the database compares with."""
        return super().get_prep_value(value.pk if isinstance(value, models.Model) else value)


# How the value of each type of field is taken from the column: SQL, and the type that it has.
# The functions are made by a migration: unlike a cast they are immutable, so that an index can hold them.
_TEXT = "(%s ->> '%s')"
TYPES: tuple[tuple[type, str, Any], ...] = (
    (PicklistSetField, "crm_ids(%s -> '%s')", ArrayField(models.BigIntegerField())),
    (models.ForeignKey, f"({_TEXT}::bigint)", Reference()),
    (models.DateTimeField, f"crm_instant({_TEXT})", models.DateTimeField()),
    (models.DateField, f"crm_day({_TEXT})", models.DateField()),
    (models.BooleanField, f"({_TEXT}::boolean)", models.BooleanField()),
    (models.BigIntegerField, f"({_TEXT}::bigint)", models.BigIntegerField()),
    (models.DecimalField, f"({_TEXT}::numeric)", models.DecimalField(max_digits=DIGITS, decimal_places=6)),
    (models.Field, _TEXT, models.TextField()),
)


def sql_of(field: "models.Field[Any, Any]", column: str) -> str:
    """The typed value of a custom field, as SQL over the quoted column; indexes are made of it too."""
    return _type_of(field)[0] % (column, field.name)


def _type_of(field: "models.Field[Any, Any]") -> tuple[str, Any]:
    return next((sql, output) for base, sql, output in TYPES if isinstance(field, base))


class CustomValue(models.Transform):
    """The typed value of one custom field."""

    def __init__(self, name: str, *expressions: Any, **extra: Any) -> None:
        field = custom_field(name)
        if field is None:
            raise ValueError(f"there is no custom field {name}")
        self.custom = field
        super().__init__(*expressions, output_field=_type_of(field)[1], **extra)

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> tuple[str, tuple[Any, ...]]:
        """Django's hook."""
        column, params = compiler.compile(self.lhs)
        return sql_of(self.custom, column), tuple(params)


class CustomValues(models.JSONField[Any, Any]):
    """Name → stored value of a record's custom fields; `custom__cf_3` leads to one of them, typed."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options = {"default": dict, "blank": True, "editable": False, **options}
        super().__init__(*args, **options)

    def get_transform(self, name: str) -> Any:
        """Django's hook for a step of a path."""
        if not is_custom(name) or definition(name) is None:
            return super().get_transform(name)

        def value(*expressions: Any, **extra: Any) -> CustomValue:
            return CustomValue(name, *expressions, **extra)

        return value
