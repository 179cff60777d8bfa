"""JSON as the input of Django forms: what each form field takes, and reading it.

The forms are those of the pages. Only the kinds of values are checked here, strictly (a number is no text, a day
is an ISO date), before the form applies its rules; a refusal is a sentence at the field either way.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.entity.fields import DepartmentField, OptionField, RecordChoice, UserField
from crm.kernel.errors import Invalid

Schema = dict[str, Any]

DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
# In every time zone these years are years that calendars and databases know.
YEARS = range(1000, 9999)
LARGEST_ID = 2**63 - 1
NOT_KNOWN = gettext_lazy("There is no field of this name.")
NOT_YOURS = gettext_lazy("You cannot change this field.")


@dataclass(frozen=True)
class Kind:
    """What one kind of form field takes: its JSON schema and how a value is read."""

    schema: Schema
    # Gives what the form's widget would give; raises ValueError for a value of another kind.
    read: Callable[[Any], Any]
    # What is wrong with a value of another kind.
    expected: Promise


def fields_schema(fields: Mapping[str, forms.Field], needed: set[str]) -> Schema:
    """The JSON schema of an object that a form takes; `needed` names what has to be sent."""
    return {
        "type": "object",
        "properties": {name: field_schema(field) for name, field in fields.items()},
        "additionalProperties": False,
        **({"required": sorted(needed)} if needed else {}),
    }


def field_schema(field: forms.Field) -> Schema:
    """The JSON schema of one field, with its label."""
    schema = dict(kind_of_input(field).schema)
    if not field.required:
        schema = _nullable(schema)
    return {"title": str(field.label or ""), **schema}


def read(fields: Mapping[str, forms.Field], body: Mapping[str, Any], shown: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a JSON object as data for a form; `Invalid` names every value that is not of its field's kind.

    `shown` are the fields that the caller may see: they are told apart from those that do not exist.
    """
    data: dict[str, Any] = {}
    errors: dict[str, list[str | Promise]] = {}
    for name, value in body.items():
        if name not in fields:
            errors[name] = [NOT_YOURS if name in shown else NOT_KNOWN]
            continue
        try:
            data[name] = _read(fields[name], value)
        except ValidationError as error:
            errors[name] = list(error.messages)
    if errors:
        raise Invalid(errors)
    return data


def read_ids(sent: Any) -> list[int]:
    """The ids of some records, each once; `Invalid` for anything else."""
    try:
        return list(dict.fromkeys(_id(pk) for pk in sent)) if isinstance(sent, list) and sent else [_id(None)]
    except ValueError as error:
        raise Invalid({"ids": [_("Send a list of ids, whole numbers.")]}) from error


def kind_of_input(field: forms.Field) -> Kind:
    """What a form field takes."""
    match field:
        case OptionField():
            return _option(field)
        case DepartmentField() | UserField() | RecordChoice() | forms.ModelChoiceField() if not _takes_many(field):
            return ID
        case forms.MultipleChoiceField() | forms.ModelMultipleChoiceField():
            return _many(field)
        case forms.ChoiceField():
            return _choice(field)
        case forms.BooleanField():
            return BOOLEAN
        case forms.DateTimeField():
            return DATE_TIME
        case forms.DateField():
            return DATE
        case forms.DecimalField() | forms.FloatField():
            return DECIMAL
        case forms.IntegerField():
            return INTEGER
    return _text(getattr(field, "max_length", None))


def _read(field: forms.Field, value: Any) -> Any:
    if value is None and not isinstance(field, forms.BooleanField):
        return None
    kind = kind_of_input(field)
    try:
        return kind.read(value)
    except ValueError as error:
        raise ValidationError(str(kind.expected)) from error


def _nullable(schema: Schema) -> Schema:
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None], "type": [schema["type"], "null"]}
    return {**schema, "type": [schema["type"], "null"]}


def _takes_many(field: forms.Field) -> bool:
    return isinstance(field, forms.ModelMultipleChoiceField)


# -- readers


def _string(value: Any) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError
    value.encode()  # half of a surrogate pair is no text; UnicodeEncodeError is a ValueError
    return value


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value != int(value):
        raise ValueError
    return int(value)


def _id(value: Any) -> int:
    number = _integer(value)
    if not 0 < number <= LARGEST_ID:
        raise ValueError
    return number


def _decimal(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError
    if isinstance(value, str) and not re.fullmatch(r"-?\d{1,30}(\.\d{1,30})?", value, re.ASCII):
        raise ValueError
    try:
        return f"{Decimal(value):f}" if abs(Decimal(value)) < Decimal(10) ** 30 else _fail()
    except InvalidOperation as error:
        raise ValueError from error


def _fail() -> str:
    raise ValueError


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _date(value: Any) -> Any:
    if not isinstance(value, str) or not DAY.fullmatch(value):
        raise ValueError
    return _known_year(date.fromisoformat(value))


def _instant(value: Any) -> Any:
    if not isinstance(value, str) or not INSTANT.fullmatch(value):
        raise ValueError
    return _known_year(datetime.fromisoformat(value))


def _known_year(value: Any) -> Any:
    if value.year not in YEARS:
        raise ValueError
    return value


# -- kinds

ID = Kind({"type": "integer", "minimum": 1, "maximum": LARGEST_ID}, _id, gettext_lazy("Send an id, a whole number."))
BOOLEAN = Kind({"type": "boolean"}, _bool, gettext_lazy("Send true or false."))
INTEGER = Kind({"type": "integer"}, _integer, gettext_lazy("Send a whole number."))
DECIMAL = Kind(
    {"type": "string", "pattern": r"^-?[0-9]{1,30}(\.[0-9]{1,30})?$"},
    _decimal,
    gettext_lazy("Send a decimal number as text, such as “1250.50”."),
)
DATE = Kind({"type": "string", "format": "date"}, _date, gettext_lazy("Send a day such as “2026-11-22”."))
DATE_TIME = Kind(
    {"type": "string", "format": "date-time"},
    _instant,
    gettext_lazy("Send an instant with its offset, such as “2026-11-22T14:30:00+08:00”."),
)


def _text(longest: int | None) -> Kind:
    def text(value: Any) -> str:
        if longest is not None and len(_string(value)) > longest:
            raise ValidationError(_("Send at most %(count)s characters.") % {"count": longest})
        return _string(value)

    return Kind({"type": "string", **({"maxLength": longest} if longest else {})}, text, gettext_lazy("Send text."))


def _choice(field: Any) -> Kind:
    labels = {str(value): str(label) for value, label in field.choices if value not in ("", None)}

    def choice(value: Any) -> str:
        if not isinstance(value, str) or (value and value not in labels):
            raise ValueError
        return value

    schema = {"type": "string", "enum": ["", *labels] if not field.required else [*labels], "x-labels": labels}
    return Kind(schema, choice, gettext_lazy("Send one of the listed values."))


def _option(field: Any) -> Kind:
    labels = {int(value): str(label) for value, label in field.choices if value not in ("", None)}

    def option(value: Any) -> int:
        if _id(value) not in labels:
            raise ValueError
        return _id(value)

    schema = {"type": "integer", "enum": [*labels], "x-labels": {str(pk): label for pk, label in labels.items()}}
    return Kind(schema, option, gettext_lazy("Send the id of one of the listed options."))


def _many(field: Any) -> Kind:
    of_ids = isinstance(field, forms.ModelMultipleChoiceField) or getattr(field, "coerce", None) is int
    one = ID if of_ids else _text(None)

    def many(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise ValueError
        return [one.read(each) for each in value]

    return Kind({"type": "array", "items": one.schema}, many, gettext_lazy("Send a list."))
