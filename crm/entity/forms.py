"""The form of an entity, derived from its sections. Only the fields named there can be written."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.entity.columns import kind_of
from crm.entity.dates import DayField, InstantField
from crm.entity.declare import Entity
from crm.entity.fields import ChoiceField, OptionField, RecordChoice, UserField, as_id
from crm.record.models import Record
from crm.record.names import names

if TYPE_CHECKING:
    from crm.org.models import User

REQUIRED = _("This field is required")


class RecordForm(forms.ModelForm[Any]):
    """The base of all derived forms: knows the user, validates like the import does, saves nothing itself."""

    # Sent along by the page: which version the user saw.
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: "User", **options: Any) -> None:
        self.user = user
        super().__init__(*args, **options)
        for field in self.fields.values():
            field.error_messages["required"] = REQUIRED
        if self.instance.pk:
            self.initial["version"] = self.instance.version
        for field in self.fields.values():
            if isinstance(field, RecordChoice) and field.within:
                field.parent = as_id(getattr(shown := self._shown(field.within), "pk", shown))

    def _shown(self, name: str) -> Any:
        """What a field holds, typed or initial, without asking the field itself (it would query)."""
        if self.is_bound:
            return self.data.get(self.add_prefix(name))
        return self.get_initial_for_field(self.fields[name], name)

    def clean(self) -> dict[str, Any]:
        """What was not touched stays exactly as stored: a form shows an instant without its seconds."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name, field in self.fields.items():
            if (
                self.instance.pk
                and isinstance(field, InstantField)
                and name in cleaned
                and name not in self.changed_data
            ):
                cleaned[name] = getattr(self.instance, name)
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if not self.errors:
            for name, sentences in self.instance.check_rules().items():
                for sentence in sentences:
                    self.add_error(name if name in self.fields else None, sentence)


def form_class(
    entity: Entity, user: "User", instance: Record | None = None, only: Sequence[str] = ()
) -> type[RecordForm]:
    """The form of an entity for a user; `only` narrows it (drawer, inline edit)."""
    known = names(getattr(user, "org_stamp", None))

    def field_for(field: "models.Field[Any, Any]", **options: Any) -> Any:
        keep = getattr(instance, field.attname, None) if instance else None
        common: dict[str, Any] = {
            "label": field.verbose_name,
            "required": not field.blank,
            "help_text": field.help_text,
        }
        match kind_of(field):
            case "option":
                return OptionField(list_key=field.list, names=known, keep=keep, **common)  # type: ignore[attr-defined]
            case "user":
                return UserField(names=known, keep=keep, **common)
            case "record":
                target: Any = field.related_model
                return RecordChoice(
                    model=target, user=user, within=_within(entity, target, fields), suggest=True, **common
                )
            case "choice":
                options["choices_form_class"] = ChoiceField
            case "long":
                options["widget"] = forms.Textarea(attrs={"rows": 3})
            case "date":
                options["form_class"] = DayField
            case "datetime":
                options["form_class"] = InstantField
        # Django would send a default such as "now" along, and compare what was typed with that.
        return field.formfield(**options, show_hidden_initial=False)

    fields = list(only or entity.fields)
    made: Any = forms.modelform_factory(
        entity.model, form=entity.form or RecordForm, fields=fields, formfield_callback=field_for
    )
    return made  # type: ignore[no-any-return]


def _within(entity: Entity, target: type[Record], fields: Sequence[str]) -> str:
    """The field of the same form that narrows the choice: a follow-up's contact is one of its customer's."""
    name = target.parent_field
    same = (
        name in fields
        and entity.model._meta.get_field(name).related_model is target._meta.get_field(name).related_model
    )
    return name if same else ""


def quick_fields(entity: Entity) -> list[str]:
    """The fields that the drawer asks for."""
    return list(entity.quick or (entity.sections[0].fields if entity.sections else ()))
