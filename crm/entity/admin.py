"""The CRM manager's room: custom fields, field permissions and form layouts."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.entity.catalogue import SYSTEM_FIELDS, every_field
from crm.entity.declare import Entity
from crm.entity.layout import Layout, layout
from crm.fields.events import FieldsChanged
from crm.fields.models import CustomField, CustomKind, FieldRole, FieldRule, FormLayout, Level
from crm.fields.patterns import LONGEST_TEXT, check_pattern
from crm.kernel import events, registry
from crm.org.admin import ManagersRoom
from crm.record.custom import LONG_LENGTH, TEXT_LENGTH, decode, encode, field_of, list_key
from crm.record.picklists import PicklistOption

MOST_FIELDS = 200  # custom fields of one module
TEXTS = (CustomKind.TEXT, CustomKind.ADDRESS)
CHOICES = (CustomKind.CHOICE, CustomKind.CHOICES)
NUMBERS = (CustomKind.NUMBER, CustomKind.MONEY)
FREE = [("", gettext_lazy("See and change"))]


def modules() -> list[tuple[str, str]]:
    """(key of the model, label) of every kind of record."""
    return [(entity.model.key(), entity.label) for entity in registry.entities() if entity.canonical]


def module_of(key: str) -> Entity | None:
    """The entity that owns the 360 page of the model of this key."""
    return next((each for each in registry.entities() if each.canonical and each.model.key() == key), None)


# -- custom fields ---------------------------------------------------------------------------------


def settings_of(kind: str) -> tuple[str, ...]:
    """What can be said about a field of a kind, besides its labels and where it stands."""
    found: list[str] = ["required"] if kind != CustomKind.BOOL else []
    if kind in CHOICES:
        found.append("options")
    if kind not in (CustomKind.LONG, CustomKind.BOOL, *CHOICES):
        found.append("unique")
    if kind not in (CustomKind.USER, CustomKind.DEPARTMENT, CustomKind.REFERENCE, CustomKind.CHOICES):
        found.append("default")
    if kind in (*TEXTS, CustomKind.LONG):
        found += ["min_length", "max_length"]
    if kind in TEXTS:
        found.append("pattern")
    if kind == CustomKind.NUMBER:
        found.append("decimals")
    if kind in NUMBERS:
        found += ["minimum", "maximum"]
    return tuple(found)


def places_of(kind: str) -> tuple[str, ...]:
    """Where a field of a kind can appear, besides the form."""
    found = ["section", "position", "listed"]
    if kind != CustomKind.LONG:
        found.append("filterable")
    if kind in (*TEXTS, CustomKind.LONG, CustomKind.URL):
        found.append("searchable")
    return tuple(found)


class NewCustomFieldForm(forms.ModelForm):  # type: ignore[type-arg]
    """What cannot be changed later, and what it is called; the rest is asked for on the next page."""

    entity = forms.ChoiceField(label=gettext_lazy("module"))
    target = forms.ChoiceField(
        label=gettext_lazy("leads to"), required=False, help_text=gettext_lazy("Only for references.")
    )

    class Meta:
        model = CustomField
        fields = ("entity", "kind", "label", "label_en", "target")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["entity"].choices = modules()  # type: ignore[attr-defined]
        targets = [(entity.key, entity.label) for entity in registry.entities() if entity.canonical]
        self.fields["target"].choices = [("", "---------"), *targets]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A reference leads somewhere, nothing else does; a module has only so many fields of its own."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("kind") == CustomKind.REFERENCE and not data.get("target"):
            self.add_error("target", _("Choose the module to which it leads."))
        elif data.get("kind") != CustomKind.REFERENCE:
            data["target"] = ""
        if CustomField.objects.filter(entity=data.get("entity"), active=True).count() >= MOST_FIELDS:
            self.add_error(None, _("A module can have at most %(most)s custom fields.") % {"most": MOST_FIELDS})
        entity = module_of(data.get("entity", ""))
        if entity is not None:
            _check_label(self, entity, str(data.get("label", "")), 0)
        return data


class CustomFieldForm(forms.ModelForm):  # type: ignore[type-arg]
    """A field as it is; the kind decides what there is to say."""

    section = forms.TypedChoiceField(label=gettext_lazy("section of the form"), coerce=int)
    options = forms.CharField(
        label=gettext_lazy("options"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "cols": 40}),
        help_text=gettext_lazy(
            "One option per line, in their order. An option that you remove is retired: records keep it. "
            "Rename and colour options under “Picklist options”."
        ),
    )

    class Meta:
        model = CustomField
        exclude = ("entity", "kind", "target")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        made = self.instance
        entity = module_of(made.entity)
        sections = layout(entity).sections if entity else ()
        wanted = {*settings_of(made.kind), *places_of(made.kind), "label", "label_en", "help_text", "help_text_en"}
        for name in [name for name in self.fields if name not in wanted and name != "active"]:
            del self.fields[name]
        self.fields["section"].choices = [(n, each.label) for n, each in enumerate(sections)]  # type: ignore[attr-defined]
        if "options" in self.fields:
            self.fields["options"].initial = "\n".join(option.label for option in self._options() if option.active)
        if "default" in self.fields:
            self.fields["default"] = self._default_field()

    def _options(self) -> "list[PicklistOption]":
        return list(PicklistOption.objects.filter(list=list_key(self.instance.name)))

    def _default_field(self) -> forms.Field:
        usual = self.fields["default"]
        common: dict[str, Any] = {"label": usual.label, "required": False, "help_text": usual.help_text}
        if self.instance.kind == CustomKind.BOOL:
            return forms.ChoiceField(choices=[("", _("No")), ("true", _("Yes"))], **common)
        if self.instance.kind == CustomKind.CHOICE:
            options = [(str(option.pk), option.label) for option in self._options() if option.active]
            return forms.ChoiceField(choices=[("", "---------"), *options], **common)
        return usual

    def clean_pattern(self) -> str:
        """See `check_pattern`."""
        pattern = str(self.cleaned_data["pattern"])
        if pattern:
            check_pattern(pattern)
        return pattern

    def clean_max_length(self) -> int | None:
        """A text that is compared, searched and indexed stays short."""
        length: int | None = self.cleaned_data["max_length"]
        most = LONG_LENGTH if self.instance.kind == CustomKind.LONG else TEXT_LENGTH
        if length is not None and not 0 < length <= most:
            raise ValidationError(_("Choose a number from 1 to %(most)s.") % {"most": most})
        return length

    def clean_decimals(self) -> int:
        """Six are the most."""
        decimals = int(self.cleaned_data["decimals"])
        if decimals > 6:
            raise ValidationError(_("Choose a number from 0 to 6."))
        return decimals

    def clean_options(self) -> list[str]:
        """The labels, each once."""
        labels = [line.strip() for line in str(self.cleaned_data["options"]).splitlines()]
        if any(len(label) > 60 for label in labels):
            raise ValidationError(_("An option has at most 60 characters."))
        return list(dict.fromkeys(label for label in labels if label))

    def clean(self) -> dict[str, Any]:
        """Limits in their order, a default that fits, a label that no other field has."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        entity = module_of(self.instance.entity)
        if entity is not None:
            _check_label(self, entity, str(data.get("label", "")), self.instance.pk)
        for low, high in (("minimum", "maximum"), ("min_length", "max_length")):
            if data.get(low) is not None and data.get(high) is not None and data[low] > data[high]:
                self.add_error(high, _("This is less than the smallest."))
        if data.get("pattern") and (data.get("max_length") or TEXT_LENGTH) > LONGEST_TEXT:
            self.add_error("pattern", _("Only texts of at most %(most)s characters.") % {"most": LONGEST_TEXT})
        return data

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        text = self.cleaned_data.get("default")
        if text and not self.errors and self.instance.kind not in (CustomKind.BOOL, CustomKind.CHOICE):
            _check_default(self, self.instance, str(text))


def _check_label(form: forms.Form | Any, entity: Entity, label: str, pk: int) -> None:
    """Two fields of one name could not be told apart in a file's heading."""
    others = (column for path, column in every_field(entity).items() if path != f"cf_{pk}")
    if label and label in {str(column.label) for column in others}:
        form.add_error("label", _("Another field of this module is called so already."))


def _check_default(form: forms.Form | Any, made: CustomField, text: str) -> None:
    from crm.fields.definitions import of_row

    field = field_of(of_row(made))
    try:
        field.run_validators(decode(field, encode(text)))
        if decode(field, text) is None:
            raise ValidationError(_("This is no value of the field."))
    except ValidationError as error:
        form.add_error("default", error)


@admin.register(CustomField)
class CustomFieldAdmin(ManagersRoom):
    """Fields that the company adds. They are retired, not deleted: records keep their values."""

    list_display = ("label", "module", "kind", "name", "section_label", "listed", "filterable", "required", "active")
    list_filter = ("active", "kind")
    search_fields = ("label", "label_en")
    ordering = ("entity", "section", "position", "pk")
    list_per_page = 200
    actions = ("retire", "activate")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        """First what it is, then the rest."""
        return CustomFieldForm if change else NewCustomFieldForm

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What it is stays."""
        return ("module", "kind_label", "name", "appears") if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """By what one wants to say."""
        if obj is None:
            return [(None, {"fields": ("entity", "kind", "target", ("label", "label_en"))})]
        return [
            (
                None,
                {"fields": (("module", "kind_label", "name"), ("label", "label_en"), ("help_text", "help_text_en"))},
            ),
            (_("Values"), {"fields": settings_of(obj.kind)}),
            (_("Where it appears"), {"fields": (*places_of(obj.kind), "active", "appears")}),
        ]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Retiring keeps the values."""
        return False

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """On to the rest of it."""
        return HttpResponseRedirect(reverse("admin:fields_customfield_change", args=[obj.pk]))

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The field, its options, and the word that something changed."""
        super().save_model(request, obj, form, change)
        if "options" in form.cleaned_data:
            _save_options(list_key(obj.name), form.cleaned_data["options"])
        events.emit(FieldsChanged())

    @admin.action(description=gettext_lazy("Retire: hide everywhere, keep the values"))
    def retire(self, request: HttpRequest, queryset: Any) -> None:
        """Hide the chosen fields."""
        queryset.update(active=False)
        events.emit(FieldsChanged())

    @admin.action(description=gettext_lazy("Activate"))
    def activate(self, request: HttpRequest, queryset: Any) -> None:
        """Show them again."""
        queryset.update(active=True)
        events.emit(FieldsChanged())

    @admin.display(description=gettext_lazy("module"))
    def module(self, made: CustomField) -> str:
        """The module's label."""
        entity = module_of(made.entity)
        return entity.label if entity else made.entity

    @admin.display(description=gettext_lazy("kind"))
    def kind_label(self, made: CustomField) -> str:
        """The kind in words."""
        target = registry.find(made.target) if made.kind == CustomKind.REFERENCE else None
        return f"{made.get_kind_display()} · {target.label}" if target else made.get_kind_display()

    @admin.display(description=gettext_lazy("name in files and the API"))
    def name(self, made: CustomField) -> str:
        """What it is called where labels do not serve."""
        return made.name

    @admin.display(description=gettext_lazy("section of the form"))
    def section_label(self, made: CustomField) -> str:
        """The heading above it."""
        place = _place(made)
        return str(place[0]) if place else ""

    @admin.display(description=gettext_lazy("preview"))
    def appears(self, made: CustomField) -> str | SafeString:
        """Its neighbours in the form, and the pages on which to look at it."""
        entity, place = module_of(made.entity), _place(made)
        if entity is None or place is None:
            return _("Nowhere: the field is retired.")
        section, before, after = place
        line = " → ".join(part for part in (before, f"【{made.label}】", after) if part)
        pages = [(entity.url("new"), _("Open the form"))]
        if made.listed or made.filterable:
            pages.append((entity.url("list"), _("Open the list")))
        links = format_html_join(" · ", '<a href="{}" target="_blank" rel="noopener">{}</a>', pages)
        return format_html("{}: {}<br>{}", section, line, links)


def _place(made: CustomField) -> tuple[str, str, str] | None:
    """The section of a field and the labels of its neighbours there."""
    entity = module_of(made.entity)
    if entity is None:
        return None
    fields = every_field(entity)
    for section in layout(entity).sections:
        if made.name in section.fields:
            labels = [str(fields[name].label) for name in section.fields]
            at = section.fields.index(made.name)
            return str(section.label), labels[at - 1] if at else "", labels[at + 1] if at + 1 < len(labels) else ""
    return None


def _save_options(key: str, labels: Sequence[str]) -> None:
    known = {option.label: option for option in PicklistOption.objects.filter(list=key)}
    for order, label in enumerate(labels):
        option = known.pop(label, None) or PicklistOption(list=key, label=label)
        option.order, option.active = order, True
        option.save()
    PicklistOption.objects.filter(pk__in=[option.pk for option in known.values()]).update(active=False)


# -- field permissions -----------------------------------------------------------------------------


def narrowable(entity: Entity) -> dict[str, str]:
    """Path → label of the fields about which a role can have a rule: all but those by which records are known."""
    model = entity.model
    kept = {"number", model.name_field, model.state_field, model.parent_field}
    fields = every_field(entity)
    return {path: str(column.label) for path, column in fields.items() if "__" not in path and path not in kept}


def levels_of(entity: Entity, path: str) -> list[tuple[str, Any]]:
    """What a rule about a field can say: what the system keeps is not changed anyhow."""
    own = path in SYSTEM_FIELDS or path not in layout(entity).fields
    return [*FREE, *((value, label) for value, label in Level.choices if not (own and value == Level.READ_ONLY))]


def rules_form() -> type[forms.ModelForm]:  # type: ignore[type-arg]
    """One choice for each field of each module; made per request, since fields come and go."""
    fields: dict[str, Any] = {}
    for entity in (each for each in registry.entities() if each.canonical):
        for path, label in narrowable(entity).items():
            fields[f"{entity.model.key()}|{path}"] = forms.ChoiceField(
                label=label, choices=levels_of(entity, path), required=False
            )
    meta = type("Meta", (), {"model": FieldRole, "fields": ()})
    return type("RulesForm", (forms.ModelForm,), {**fields, "Meta": meta})


@admin.register(FieldRole)
class FieldRoleAdmin(ManagersRoom):
    """For each role, what it may see and change of each field."""

    list_display = ("name", "narrowed")
    search_fields = ("name",)
    readonly_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the rules that the list counts."""
        return super().get_queryset(request).prefetch_related("field_rules")

    @admin.display(description=gettext_lazy("fields with a rule"))
    def narrowed(self, role: FieldRole) -> int:
        """How many rules the role has."""
        return len(role.field_rules.all())

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Roles are made under “Roles”."""
        return False

    has_delete_permission = has_add_permission

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        """See `rules_form`, filled in."""
        made = rules_form()
        for rule in FieldRule.objects.filter(role=obj):
            field = made.base_fields.get(f"{rule.entity}|{rule.field}")
            if field is not None:
                field.initial = rule.level
        return made

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """One group for each module."""
        names = list(rules_form().base_fields)
        groups = [
            (label, {"fields": [name for name in names if name.startswith(f"{key}|")], "classes": ("collapse",)})
            for key, label in modules()
        ]
        return [(None, {"fields": ("name",), "description": _RULES}), *groups]

    @transaction.atomic
    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Write what differs from the default, forget the rest."""
        super().save_related(request, form, formsets, change)
        said = {tuple(name.split("|")): level for name, level in form.cleaned_data.items() if "|" in name}
        for (key, path), level in said.items():
            rules = FieldRule.objects.filter(role=form.instance, entity=key, field=path)
            if not level:
                rules.delete()
            elif not rules.update(level=level):
                FieldRule.objects.create(role_id=form.instance.pk, entity=key, field=path, level=level)


_RULES = gettext_lazy(
    "Of a user's roles in a module the most generous counts. A hidden field is absent everywhere; a masked one shows "
    "its last signs, unless the role grants “View full numbers”; a read-only one cannot be changed in any way."
)


# -- form layouts ----------------------------------------------------------------------------------

SPARE_SECTIONS, SPARE_CONDITIONS = 2, 3


class NewLayoutForm(forms.ModelForm):  # type: ignore[type-arg]
    """Whose form is to be arranged; it begins as it is."""

    entity = forms.ChoiceField(label=gettext_lazy("module"))

    class Meta:
        model = FormLayout
        fields = ("entity",)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        taken = set(FormLayout.objects.values_list("entity", flat=True))
        choices = [(each.key, each.label_plural) for each in registry.entities() if each.key not in taken]
        self.fields["entity"].choices = choices  # type: ignore[attr-defined]

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        entity = registry.find(self.cleaned_data.get("entity", ""))
        if entity is not None:
            self.instance.sections = as_stored(layout(entity))


def as_stored(form: Layout) -> list[dict[str, Any]]:
    """Sections as a `FormLayout` keeps them."""
    return [
        {"label": str(each.label), "columns": each.columns, "folded": each.folded, "fields": list(each.fields)}
        for each in form.sections
    ]


class LayoutForm(forms.ModelForm):  # type: ignore[type-arg]
    """The base of `layout_form`: rows for sections, for each field, for visibility rules."""

    entity_object: Entity
    sections: int
    conditions: int
    paths: Sequence[str]

    class Meta:
        model = FormLayout
        fields = ()

    def clean(self) -> dict[str, Any]:
        """Every field in a section that has a name, and no rule that hides a field by itself."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for path in self.paths:
            number = data.get(f"in_{path}")
            if number and not data.get(f"label_{number}"):
                self.add_error(f"in_{path}", _("This section has no name."))
        rules = self._rules(data)
        for n in range(self.conditions):
            field, wanted = data.get(f"field_{n}"), data.get(f"when_{n}") or []
            if bool(field) != bool(wanted) or len({each.partition("=")[0] for each in wanted}) > 1:
                self.add_error(f"when_{n}", _("Choose a field, and values of one other field."))
        for each in rules:
            if _leads_back(each["field"], {rule["field"]: rule["when"] for rule in rules}):
                self.add_error(None, _("A field cannot depend on itself, not even through others."))
                break
        if len({each["field"] for each in rules}) < len(rules):
            self.add_error(None, _("A field can have one visibility rule."))
        self.instance.sections, self.instance.conditions = self._arranged(data), rules
        return data

    def _arranged(self, data: dict[str, Any]) -> list[dict[str, Any]]:
        placed = sorted(self.paths, key=lambda path: data.get(f"order_{path}") or 0)
        sections = [
            {
                "label": data.get(f"label_{n}") or "",
                "label_en": data.get(f"english_{n}") or "",
                "columns": int(data.get(f"columns_{n}") or 2),
                "folded": bool(data.get(f"folded_{n}")),
                "fields": [path for path in placed if data.get(f"in_{path}") == str(n)],
            }
            for n in range(self.sections)
        ]
        return [section for section in sections if section["label"]]

    def _rules(self, data: dict[str, Any]) -> list[dict[str, Any]]:
        rules = []
        for n in range(self.conditions):
            wanted = [each.partition("=") for each in data.get(f"when_{n}") or []]
            if data.get(f"field_{n}") and wanted:
                rules.append({"field": data[f"field_{n}"], "when": wanted[0][0], "values": [v for _w, _s, v in wanted]})
        return rules


def _leads_back(start: str, when: dict[str, str]) -> bool:
    seen: list[str] = []
    at: str | None = start
    while at in when and at not in seen:
        seen.append(at)
        at = when[at]
    return at in seen


def layout_form(saved: FormLayout) -> type[LayoutForm]:
    """The form of one layout, filled in with what is there."""
    entity: Entity = registry.get(saved.entity)
    present, every = layout(entity), every_field(entity)
    paths = list(dict.fromkeys([*present.fields, *entity.fields]))
    labels = {path: str(every[path].label) for path in paths}
    stored = saved.sections
    count = len(present.sections) + SPARE_SECTIONS
    headings = [str(each.get("label", "")) for each in stored] + [""] * count
    numbers = [("", _("(not in the form)")), *((str(n), f"{n + 1} {headings[n]}") for n in range(count))]
    fields: dict[str, Any] = {}
    for n in range(count):
        each = stored[n] if n < len(stored) else {}
        fields[f"label_{n}"] = forms.CharField(
            label=_("Section %(number)s") % {"number": n + 1}, required=False, max_length=60, initial=each.get("label")
        )
        fields[f"english_{n}"] = forms.CharField(
            label=_("English"), required=False, max_length=60, initial=each.get("label_en")
        )
        fields[f"columns_{n}"] = forms.ChoiceField(
            label=_("columns"), choices=[("2", "2"), ("1", "1")], initial=str(each.get("columns", 2))
        )
        fields[f"folded_{n}"] = forms.BooleanField(label=_("folded"), required=False, initial=each.get("folded"))
    where = {path: n for n, section in enumerate(present.sections) for path in section.fields}
    for place, path in enumerate(paths):
        at = str(where[path]) if path in where else ""
        needed = path in entity.fields and not entity.model._meta.get_field(path).blank  # type: ignore[union-attr]
        fields[f"in_{path}"] = forms.ChoiceField(
            label=labels[path], choices=numbers[1:] if needed else numbers, required=needed, initial=at
        )
        fields[f"order_{path}"] = forms.IntegerField(
            label=_("order"), required=False, initial=(place + 1) * 10, widget=forms.NumberInput(attrs={"size": 5})
        )
    choices = _values(entity, paths)
    conditions = len(saved.conditions) + SPARE_CONDITIONS
    for n in range(conditions):
        rule = saved.conditions[n] if n < len(saved.conditions) else {}
        fields[f"field_{n}"] = forms.ChoiceField(
            label=_("Show"), required=False, choices=[("", "---------"), *labels.items()], initial=rule.get("field")
        )
        fields[f"when_{n}"] = forms.MultipleChoiceField(
            label=_("only if"),
            required=False,
            choices=choices,
            initial=[f"{rule['when']}={value}" for value in rule["values"]] if rule else [],
        )
    facts = {"entity_object": entity, "sections": count, "conditions": conditions, "paths": paths}
    return type("LayoutForm", (LayoutForm,), {**fields, **facts})


def _values(entity: Entity, paths: Iterable[str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The values of the fields that a rule can ask about, under the fields' labels."""
    found = []
    for path, column in every_field(entity).items():
        field: Any = column.field
        if path not in paths:
            continue
        if column.kind in ("option", "options"):
            options = PicklistOption.objects.filter(list=field.list, active=True)
            values = [(str(option.pk), option.label) for option in options]
        elif column.kind == "choice":
            values = [(str(value), str(label)) for value, label in field.flatchoices]
        elif column.kind == "bool":
            values = [("True", _("Yes")), ("False", _("No"))]
        else:
            continue
        found.append((str(column.label), [(f"{path}={value}", f"{column.label} = {text}") for value, text in values]))
    return found


@admin.register(FormLayout)
class FormLayoutAdmin(ManagersRoom):
    """How forms are arranged. Deleting a layout brings back the form as it was."""

    list_display = ("module", "section_labels")
    actions = ("reset",)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        """First whose, then how."""
        return layout_form(obj) if obj is not None and change else NewLayoutForm

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Whose form it is stays."""
        return ("module", "form_link") if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Sections, then each field's place, then the rules."""
        if obj is None:
            return [(None, {"fields": ("entity",)})]
        form = layout_form(obj)
        sections = [
            tuple(f"{part}_{n}" for part in ("label", "english", "columns", "folded")) for n in range(form.sections)
        ]
        rules = [(f"field_{n}", f"when_{n}") for n in range(form.conditions)]
        return [
            (None, {"fields": (("module", "form_link"),)}),
            (_("Sections"), {"fields": sections, "description": _("A section without a name is left out.")}),
            (_("Fields"), {"fields": [(f"in_{path}", f"order_{path}") for path in form.paths]}),
            (_("Visibility rules"), {"fields": rules}),
        ]

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """On to the layout."""
        return HttpResponseRedirect(reverse("admin:fields_formlayout_change", args=[obj.pk]))

    def get_actions(self, request: HttpRequest) -> Any:
        """Resetting is deleting, in a word that says what happens."""
        found = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    @admin.action(description=gettext_lazy("Reset to the default form"))
    def reset(self, request: HttpRequest, queryset: Any) -> None:
        """Forget the chosen layouts."""
        queryset.delete()

    @admin.display(description=gettext_lazy("module"))
    def module(self, saved: FormLayout) -> str:
        """The list module's label."""
        entity = registry.find(saved.entity)
        return entity.label_plural if entity else saved.entity

    @admin.display(description=gettext_lazy("sections"))
    def section_labels(self, saved: FormLayout) -> str:
        """The headings."""
        return " · ".join(str(each.get("label", "")) for each in saved.sections)

    @admin.display(description=gettext_lazy("preview"))
    def form_link(self, saved: FormLayout) -> str | SafeString:
        """Where to look at it."""
        entity = registry.find(saved.entity)
        link = '<a href="{}" target="_blank" rel="noopener">{}</a>'
        return format_html(link, entity.url("new"), _("Open the form")) if entity else ""
