"""The CRM manager's room: picklists, number rules, and the history of changes to read."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crm.fields.definitions import definitions
from crm.fields.models import CustomKind
from crm.kernel import registry
from crm.kernel.errors import Invalid
from crm.org.admin import ManagersRoom
from crm.record.custom import list_key
from crm.record.models import Change, NumberRule, OwnerChange, PicklistOption
from crm.record.numbers import check_pattern
from crm.record.picklists import picklist_fields


def known_lists() -> list[tuple[str, str]]:
    """(key, label) of all picklists that some entity uses, in fields of its own and in custom ones."""
    lists: dict[str, str] = {}
    custom = definitions()
    for entity in registry.entities():
        for field in picklist_fields(entity.model):
            lists.setdefault(field.list, f"{entity.label} · {field.verbose_name}")
        for defined in custom.of(entity.model.key()):
            if defined.kind in (CustomKind.CHOICE, CustomKind.CHOICES):
                lists.setdefault(list_key(defined.name), f"{entity.label} · {defined.text}")
    return list(lists.items())


class OptionForm(forms.ModelForm):  # type: ignore[type-arg]
    """The list is chosen among those in use."""

    list = forms.ChoiceField(label=_("list"))

    class Meta:
        model = PicklistOption
        fields = ("list", "label", "colour", "order", "active")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["list"].choices = known_lists()  # type: ignore[attr-defined]


class ListFilter(admin.SimpleListFilter):
    """One list at a time."""

    title = _("list")
    parameter_name = "list"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The known lists."""
        return known_lists()

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """The options of the chosen one."""
        return queryset.filter(list=self.value()) if self.value() else queryset


@admin.register(PicklistOption)
class PicklistOptionAdmin(ManagersRoom):
    """Options: rename, recolour, reorder, retire. One in use cannot be deleted."""

    form = OptionForm
    list_display = ("label", "list_label", "colour", "order", "active")
    list_editable = ("colour", "order", "active")
    list_filter = (ListFilter, "active")
    search_fields = ("label",)
    ordering = ("list", "order", "pk")
    list_per_page = 200

    def get_changelist_form(self, request: HttpRequest, **options: Any) -> Any:
        """The list's own row form needs no `list` field."""
        return forms.ModelForm

    @admin.display(description=_("list"))
    def list_label(self, option: PicklistOption) -> str:
        """What the list is called."""
        return dict(known_lists()).get(option.list, option.list)


class NumberRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """The module is chosen; the pattern has to make sense."""

    entity = forms.ChoiceField(label=_("module"))

    class Meta:
        model = NumberRule
        fields = ("entity", "pattern")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [(entity.model.key(), entity.label) for entity in registry.entities() if entity.canonical]
        self.fields["entity"].choices = choices  # type: ignore[attr-defined]

    def clean_pattern(self) -> str:
        """See `check_pattern`."""
        try:
            check_pattern(self.cleaned_data["pattern"])
        except Invalid as error:
            raise ValidationError([str(text) for text in error.errors["pattern"]]) from error
        return str(self.cleaned_data["pattern"])


@admin.register(NumberRule)
class NumberRuleAdmin(ManagersRoom):
    """How numbers read."""

    form = NumberRuleForm
    list_display = ("module", "pattern")

    @admin.display(description=_("module"))
    def module(self, rule: NumberRule) -> str:
        """The entity's label."""
        entity = registry.find(rule.entity)
        return entity.label if entity else rule.entity


class ReadOnly(ManagersRoom):
    """Logs are read, never changed."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    has_change_permission = has_delete_permission = has_add_permission


@admin.register(Change)
class ChangeAdmin(ReadOnly):
    """Who changed what."""

    list_display = ("at", "by", "action", "content_type", "object_id", "reason")
    list_filter = ("action", "content_type")
    list_select_related = ("by", "content_type")
    ordering = ("-pk",)


@admin.register(OwnerChange)
class OwnerChangeAdmin(ReadOnly):
    """Who gave what to whom."""

    list_display = ("at", "by", "action", "from_owner", "to_owner", "content_type", "object_id", "reason")
    list_filter = ("action", "content_type")
    list_select_related = ("by", "from_owner", "to_owner", "content_type")
    ordering = ("-pk",)
