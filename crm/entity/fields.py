"""Form fields that the derived forms and filters share: choices from picklists, users and records.

None of them loads a table: picklists and users come from the cache of names, records are
looked up one by one and searched for as one types.
"""

from collections.abc import Iterator
from typing import Any, Self

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.choices import BaseChoiceIterator
from django.utils.translation import gettext_lazy as _

from crm.kernel import registry
from crm.org.models import Department, User
from crm.record.models import Record
from crm.record.names import Names
from crm.record.picklists import PicklistOption

BLANK = ("", "")
SUGGESTED = 10


class OptionField(forms.TypedChoiceField):
    """One active option of a picklist; a retired one stays valid on the record that has it."""

    def __init__(self, *, list_key: str, names: Names, keep: int | None = None, **options: Any) -> None:
        choices = [(o.pk, o.label) for o in names.options.values() if o.list == list_key and (o.active or o.pk == keep)]
        super().__init__(choices=[BLANK, *choices], coerce=int, empty_value=None, **options)

    def clean(self, value: Any) -> PicklistOption | None:
        """The chosen option, unsaved fields empty: its id is what is stored."""
        pk = super().clean(value)
        labels: dict[Any, Any] = dict(self.choices)  # type: ignore[arg-type]
        return PicklistOption(pk=pk, label=labels.get(pk, "")) if pk else None


class ChoiceField(forms.TypedChoiceField):
    """One of a model field's own choices; the empty one shows nothing instead of dashes."""

    def __init__(self, *, choices: Any = (), **options: Any) -> None:
        super().__init__(
            choices=[BLANK if value in ("", None) else (value, label) for value, label in choices], **options
        )


class UserSelect(forms.Select):
    """A select that holds the present choice and a few colleagues; the page turns it into a search box."""

    def build_attrs(self, base_attrs: Any, extra_attrs: Any = None) -> dict[str, Any]:
        """Name the address where users are searched."""
        return {**super().build_attrs(base_attrs, extra_attrs), "data-options": "/options/users/"}


class UserField(forms.Field):
    """One active user, chosen by id; `keep` stays valid on the record that has it."""

    default_error_messages = {"unknown": _("Choose one of the offered users.")}

    def __init__(self, *, names: Names, keep: int | None = None, **options: Any) -> None:
        self.names, self.keep = names, keep
        super().__init__(widget=UserSelect, **options)

    def prepare_value(self, value: Any) -> Any:
        """Make the present choice and the first users the select's options."""
        pk = as_id(getattr(value, "pk", value))
        chosen = [(pk, self.names.users[pk])] if pk is not None and pk in self.names.users else []
        offered = self.names.find_users("", SUGGESTED)
        self.widget.choices = [BLANK, *chosen, *(choice for choice in offered if choice not in chosen)]
        return pk

    def to_python(self, value: Any) -> User | None:
        """The user, or None for an empty value."""
        if value in self.empty_values:
            return None
        pk = as_id(getattr(value, "pk", value))
        if pk is None or (pk != self.keep and pk not in self.names.active_users):
            raise ValidationError(self.error_messages["unknown"], code="unknown")
        return User.objects.get(pk=pk)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare ids."""
        return str(getattr(initial, "pk", initial) or "") != str(data or "")


class OptionsField(forms.TypedMultipleChoiceField):
    """Several active options of a picklist, as ids; retired ones stay valid on the record that has them."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, *, list_key: str, names: Names, keep: Any = None, **options: Any) -> None:
        kept = set(keep or ())
        choices = [(o.pk, o.label) for o in names.options.values() if o.list == list_key and (o.active or o.pk in kept)]
        super().__init__(choices=choices, coerce=int, empty_value=None, **options)


class DepartmentField(forms.TypedChoiceField):
    """One active department, in the order of the tree; `keep` stays valid on the record that has it."""

    def __init__(self, *, names: Names, keep: int | None = None, **options: Any) -> None:
        choices = [(pk, name) for pk, name in names.departments.items() if pk in names.active_departments or pk == keep]
        super().__init__(choices=[BLANK, *choices], coerce=int, empty_value=None, **options)

    def clean(self, value: Any) -> Department | None:
        """The chosen department, unsaved fields empty: its id is what is stored."""
        pk = super().clean(value)
        labels: dict[Any, Any] = dict(self.choices)  # type: ignore[arg-type]
        return Department(pk=pk, name=labels.get(pk, "")) if pk else None


class OptionChoices(forms.TypedMultipleChoiceField):
    """Several options of a picklist, as ids (for filters)."""

    def __init__(self, *, list_key: str, names: Names, **options: Any) -> None:
        super().__init__(choices=[(o.pk, o.label) for o in names.options_of(list_key)], coerce=int, **options)


class AllUsers(BaseChoiceIterator):
    """Oneself and all users, as choices that no form copies and nothing walks through without need."""

    def __init__(self, names: Names) -> None:
        self.names = names

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        yield "me", _("Me")
        yield from self.names.users.items()

    def __len__(self) -> int:
        return 1 + len(self.names.users)

    def __deepcopy__(self, memo: object) -> Self:
        return self


class UserChoices(forms.TypedMultipleChoiceField):
    """Several users, as ids (for filters); `me` stands for oneself."""

    def __init__(self, *, user: User, names: Names, **options: Any) -> None:
        self.user = user
        super().__init__(choices=AllUsers(names), coerce=self._coerce_user, **options)

    def _coerce_user(self, value: str) -> int:
        return self.user.pk if value == "me" else int(value)


class RecordSelect(forms.Select):
    """A select that holds the present choice and a few likely ones; the page turns it into a search box.

    `within` names the field of the same form whose value narrows the search.
    """

    def __init__(self, *, model: type[Record], within: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.model, self.within = model, within

    def build_attrs(self, base_attrs: Any, extra_attrs: Any = None) -> dict[str, Any]:
        """Name the address where choices are searched."""
        entity = registry.for_model(self.model)
        attrs = super().build_attrs(base_attrs, extra_attrs)
        if self.within:
            attrs["data-within"] = self.within
        return {**attrs, "data-options": entity.url("options")} if entity else attrs


class RecordChoice(forms.Field):
    """A record of another entity that the user may see, chosen by id.

    `suggest` offers the newest ones at once (they are also what a page without scripts can offer);
    with `within`, the name of a field of the same form, only those that belong to that field's record.
    """

    default_error_messages = {"unknown": _("Choose one of the offered records.")}

    def __init__(
        self,
        *,
        model: type[Record],
        user: User,
        action: str = "view",
        within: str = "",
        suggest: bool = False,
        **options: Any,
    ) -> None:
        self.model, self.user, self.action, self.within, self.suggest = model, user, action, within, suggest
        # The id of the record chosen in the field `within`; the form knows it.
        self.parent: int | None = None
        options.setdefault("widget", RecordSelect(model=model, within=within))
        super().__init__(**options)

    def prepare_value(self, value: Any) -> Any:
        """Make the present choice and the likely ones the select's options."""
        record = value if isinstance(value, Record) else self._find(value)
        chosen = [(record.pk, str(record))] if record else []
        self.widget.choices = [BLANK, *chosen, *(choice for choice in self._likely() if choice not in chosen)]
        return record.pk if record else None

    def to_python(self, value: Any) -> Any:
        """The record, or None for an empty value."""
        if value in self.empty_values:
            return None
        record = self._find(value)
        if record is None:
            raise ValidationError(self.error_messages["unknown"], code="unknown")
        return record

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare ids."""
        return str(getattr(initial, "pk", initial) or "") != str(data or "")

    def _find(self, value: Any) -> Any:
        pk = as_id(value)
        return self.model.objects.visible_to(self.user, self.action).filter(pk=pk).first() if pk else None

    def _likely(self) -> list[tuple[int, str]]:
        if not self.suggest or (self.within and self.parent is None):
            return []
        offered = self.model.objects.visible_to(self.user, self.action)
        if self.within:
            offered = offered.filter(**{self.within: self.parent})
        return [
            (record.pk, str(record)) for record in offered.defer("search").order_by("-created_at", "-pk")[:SUGGESTED]
        ]


def as_id(value: Any) -> int | None:
    """What was sent, as the id of a row; None if it cannot be one."""
    text = str(value or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def department_choices(departments: "QuerySet[Department]") -> "QuerySet[Department]":
    """Active departments in the order of the tree."""
    return departments.filter(active=True).order_by("path")
