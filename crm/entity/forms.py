"""The form of an entity, derived from its sections. Only the fields named there can be written."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.entity.catalogue import catalogue
from crm.entity.columns import BoundColumn, kind_of
from crm.entity.dates import DayField, InstantField
from crm.entity.declare import Entity
from crm.entity.fields import ChoiceField, DepartmentField, OptionField, OptionsField, RecordChoice, UserField, as_id
from crm.entity.layout import Condition
from crm.record.custom import is_custom
from crm.record.models import Record
from crm.record.names import names

if TYPE_CHECKING:
    from crm.org.models import User

REQUIRED = _("This field is required")


class RecordForm(forms.ModelForm[Any]):
    """The base of all derived forms: knows the user, validates like the import does, saves nothing itself."""

    # Sent along by the page: which version the user saw.
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    # The custom fields among the form's, and the fields that it shows only sometimes; see `form_class`.
    custom: Mapping[str, BoundColumn] = {}
    conditions: Mapping[str, Condition] = {}

    def __init__(self, *args: Any, user: "User", **options: Any) -> None:
        self.user = user
        super().__init__(*args, **options)
        if self.instance.pk:
            for name in self.custom:
                self.initial.setdefault(name, self.instance.custom_value(name))
        for field in self.fields.values():
            field.error_messages["required"] = REQUIRED
        if self.instance.pk:
            self.initial["version"] = self.instance.version
        for field in self.fields.values():
            if isinstance(field, RecordChoice) and field.within:
                field.parent = as_id(getattr(shown := self._shown(field.within), "pk", shown))
        for name, condition in self.conditions.items():
            self.fields[name].widget.attrs |= {
                "data-shown-when": self.add_prefix(condition.when),
                "data-shown-for": " ".join(sorted(condition.values)),
            }
        if self.is_bound:
            for name in self._left_out():
                self.fields[name].required = False

    def _shown(self, name: str) -> Any:
        """What a field holds, typed or initial, without asking the field itself (it would query)."""
        if self.is_bound:
            return self.data.get(self.add_prefix(name))
        return self.get_initial_for_field(self.fields[name], name)

    def _left_out(self) -> list[str]:
        """The fields that are not shown with what was sent, also those that depend on another such field."""
        return [name for name in self.conditions if not self._is_shown(name, frozenset())]

    def _is_shown(self, name: str, asked: frozenset[str]) -> bool:
        condition = self.conditions.get(name)
        if condition is None or name in asked:
            return True
        widget = self.fields[condition.when].widget
        sent = widget.value_from_datadict(self.data, self.files, self.add_prefix(condition.when))
        return condition.holds(as_sent(sent)) and self._is_shown(condition.when, asked | {name})

    def clean(self) -> dict[str, Any]:
        """What was not touched stays exactly as stored: a form shows an instant without its seconds.

        So does what the form did not show.
        """
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name in self._left_out():
            # Without a key Django leaves the instance's attribute alone.
            cleaned.pop(name, None)
            self.errors.pop(name, None)
        for name, field in self.fields.items():
            if (
                self.instance.pk
                and isinstance(field, InstantField)
                and name in cleaned
                and name not in self.changed_data
            ):
                cleaned[name] = self.get_initial_for_field(field, name)
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        for name, column in self.custom.items():
            if name in self.cleaned_data:
                column.assign(self.instance, self.cleaned_data[name])
        if not self.errors:
            for name, sentences in self.instance.check_rules().items():
                for sentence in sentences:
                    self.add_error(name if name in self.fields else None, sentence)


def form_class(
    entity: Entity, user: "User", instance: Record | None = None, only: Sequence[str] = ()
) -> type[RecordForm]:
    """The form of an entity for a user; `only` narrows it (drawer, inline edit).

    It has no field that the user may not see or not write, so nothing sent for one has an effect.
    """
    known = names(getattr(user, "org_stamp", None))
    shown = catalogue(entity, user)
    on_record = instance if instance is not None and instance.pk else None
    fields = [name for name in only or shown.layout.fields if name in set(shown.writable(on_record))]
    own = {name: shown.fields[name] for name in fields if shown.fields[name].is_custom}

    def field_for(field: "models.Field[Any, Any]", **options: Any) -> Any:
        keep = _kept(field, instance) if instance else None
        common: dict[str, Any] = {
            "label": field.verbose_name,
            "required": not field.blank,
            "help_text": field.help_text,
        }
        if field.name in own:
            # Django checks the validators of a model's field with the model.
            options["validators"] = field.validators
        match kind_of(field):
            case "option":
                return OptionField(list_key=field.list, names=known, keep=keep, **common)  # type: ignore[attr-defined]
            case "options":
                return OptionsField(list_key=field.list, names=known, keep=keep, **common)  # type: ignore[attr-defined]
            case "department":
                return DepartmentField(names=known, keep=keep, **common)
            case "user":
                return UserField(names=known, keep=keep, **common)
            case "record":
                target: Any = field.related_model
                # Custom references may be many, and each suggestion is a query.
                suggest, within = field.name not in own, _within(entity, target, fields)
                return RecordChoice(model=target, user=user, within=within, suggest=suggest, **common)
            case "choice":
                options["choices_form_class"] = ChoiceField
            case "url":
                options["assume_scheme"] = "http"
            case "long":
                options["widget"] = forms.Textarea(attrs={"rows": 3})
            case "date":
                options["form_class"] = DayField
            case "datetime":
                options["form_class"] = InstantField
        # Django would send a default such as "now" along, and compare what was typed with that.
        return field.formfield(**options, show_hidden_initial=False)

    built_in = [name for name in fields if name not in own]
    made: Any = forms.modelform_factory(
        entity.model, form=entity.form or RecordForm, fields=built_in, formfield_callback=field_for
    )
    made.custom = own
    made.conditions = {
        name: each for name, each in shown.layout.conditions.items() if name in fields and each.when in fields
    }
    # What a form class declares itself, such as the version, stands in front.
    placed = {name: made.base_fields.get(name) or field_for(own[name].field) for name in fields}  # type: ignore[arg-type]
    made.base_fields = {**{name: each for name, each in made.base_fields.items() if name not in placed}, **placed}
    return made  # type: ignore[no-any-return]


def as_sent(value: Any) -> list[str]:
    """What a form sends for a field, as texts."""
    return [str(each) for each in (value if isinstance(value, list | tuple) else [value]) if each not in (None, "")]


def _kept(field: "models.Field[Any, Any]", instance: Record) -> Any:
    """The id that a record has in a relation, or the ids of its options: it stays valid when others may not."""
    if is_custom(field.name):
        return instance.custom_value(field.name)
    return getattr(instance, field.attname, None)


def _within(entity: Entity, target: type[Record], fields: Sequence[str]) -> str:
    """The field of the same form that narrows the choice: a follow-up's contact is one of its customer's."""
    name = target.parent_field
    same = (
        name in fields
        and entity.model._meta.get_field(name).related_model is target._meta.get_field(name).related_model
    )
    return name if same else ""


def quick_fields(entity: Entity, user: "User") -> list[str]:
    """The fields that the drawer asks for: as declared, else the first section's, and custom ones that are required."""
    shown = catalogue(entity, user)
    quick = list(entity.quick or (shown.sections[0].fields if shown.sections else ()))
    needed = [path for path, column in shown.fields.items() if column.is_custom and not column.field.blank]  # type: ignore[union-attr]
    return [path for path in dict.fromkeys([*quick, *needed]) if path in shown.fields]
