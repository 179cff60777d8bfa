"""The filter bar: a django-filter set derived from an entity's `filters`.

Only declared fields reach the ORM; every box offers only what the user may see.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import django_filters
from django.utils.translation import gettext_lazy as _
from django_filters.fields import DateRangeField

from crm.entity.catalogue import Catalogue
from crm.entity.columns import BoundColumn, kind_of
from crm.entity.dates import DayField
from crm.entity.declare import Entity
from crm.entity.fields import OptionChoices, RecordChoice, UserChoices, department_choices
from crm.org.models import Department
from crm.record.names import Names

if TYPE_CHECKING:
    from crm.org.models import User

EMPTY_OPTION = _("(empty)")


class DayRangeField(DateRangeField):
    """Two days, each typed as one likes."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields = (DayField(required=False), DayField(required=False))


class DayRange(django_filters.DateFromToRangeFilter):
    """From one day to another, both included, as calendar days of the company's time zone."""

    field_class = DayRangeField


class OptionFilter(django_filters.Filter):
    """One of several options of a picklist."""

    field_class = OptionChoices


class UserFilter(django_filters.Filter):
    """One of several users."""

    field_class = UserChoices


class RecordFilter(django_filters.Filter):
    """One record of another entity."""

    field_class = RecordChoice


def filter_set(
    entity: Entity, data: Mapping[str, Any], user: "User", names: Names, fields: Catalogue
) -> django_filters.FilterSet:
    """The bound filter set of an entity over the user's fields; unknown parameters have no effect."""
    declared = {column.path: _filter_for(column, user, names) for column in fields.choose(filter_names(entity, fields))}
    meta = type("Meta", (), {"model": entity.model, "fields": []})
    made: Any = type(f"{type(entity).__name__}Filters", (django_filters.FilterSet,), {**declared, "Meta": meta})
    made.base_filters = _OfOneRequest(made.base_filters)
    return made(data=data, queryset=entity.list_queryset(user))  # type: ignore[no-any-return]


def filter_names(entity: Entity, fields: Catalogue) -> list[str]:
    """The filters over fields that the reader may see and ask for: as declared, then the custom fields'."""
    return list(fields.filters)


class _OfOneRequest(dict[str, django_filters.Filter]):
    """Filters that no other request shares: the copy that a filter set makes would be of every user's name."""

    def __deepcopy__(self, memo: object) -> Self:
        return self


def _filter_for(column: BoundColumn, user: "User", names: Names) -> django_filters.Filter:
    field: Any = column.field
    label: Any = column.label
    name = column.lookup
    match kind_of(field):
        case "options":
            return OptionFilter(field_name=name, label=label, lookup_expr="overlap", list_key=field.list, names=names)
        case "option":
            return OptionFilter(field_name=name, label=label, lookup_expr="in", list_key=field.list, names=names)
        case "choice":
            return django_filters.MultipleChoiceFilter(field_name=name, label=label, choices=field.choices)
        case "user":
            return UserFilter(field_name=name, label=label, lookup_expr="in", user=user, names=names)
        case "department":
            return django_filters.ModelMultipleChoiceFilter(
                field_name=name, label=label, queryset=department_choices(Department.objects.all())
            )
        case "record":
            return RecordFilter(field_name=name, label=label, model=field.related_model, user=user)
        case "datetime" | "date":
            return DayRange(field_name=name, label=label)
        case "integer" | "decimal":
            return django_filters.RangeFilter(field_name=name, label=label)
        case "bool":
            return django_filters.TypedChoiceFilter(
                field_name=name, label=label, choices=[("true", _("Yes")), ("false", _("No"))], coerce=_is_true
            )
    return django_filters.CharFilter(field_name=name, label=label, lookup_expr="icontains")


def _is_true(text: str) -> bool:
    return text == "true"
