"""Picklists (数据字典): options that administrators edit. Records refer to them by id: a new name shows everywhere."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

COLOURS = [
    ("neutral", _("Grey")),
    ("primary", _("Blue")),
    ("success", _("Green")),
    ("warning", _("Orange")),
    ("danger", _("Red")),
]


class PicklistOption(models.Model):
    """One option of one list; the list's key is the field that uses it, `customers.customer.kind`."""

    list = models.CharField(_("list"), max_length=100)
    label = models.CharField(_("label"), max_length=60)
    colour = models.CharField(_("colour"), max_length=10, choices=COLOURS, default="neutral")
    order = models.PositiveIntegerField(_("order"), default=0)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("picklist option")
        verbose_name_plural = _("picklist options")
        ordering = ("list", "order", "pk")
        constraints = [models.UniqueConstraint(fields=["list", "label"], name="one_option_per_list_and_label")]

    def __str__(self) -> str:
        return self.label


class PicklistField(models.ForeignKey[Any, Any]):
    """A choice from a picklist. `list` is its key, such as `customers.industry`; fields may share one."""

    def __init__(self, verbose_name: Any = None, *, list: str = "", **options: Any) -> None:
        self.list = list
        options.setdefault("on_delete", models.PROTECT)
        options.setdefault("related_name", "+")
        options.setdefault("null", True)
        options.setdefault("blank", True)
        options.setdefault("to", "record.PicklistOption")
        super().__init__(verbose_name=verbose_name, **options)

    def deconstruct(self) -> Any:
        """Django's hook for migrations."""
        name, path, args, options = super().deconstruct()
        return name, path, args, {**options, "list": self.list}


class PicklistSetField(ArrayField[Any, Any]):
    """Several choices from a picklist, as ids in the order of the list; `list` is its key."""

    def __init__(self, verbose_name: Any = None, *, list: str = "", **options: Any) -> None:
        self.list = list
        options.setdefault("base_field", models.BigIntegerField())
        super().__init__(verbose_name=verbose_name, **options)

    def deconstruct(self) -> Any:
        """Django's hook for migrations."""
        name, path, args, options = super().deconstruct()
        return name, path, args, {**options, "list": self.list}

    def to_python(self, value: Any) -> Any:
        """Ids, also from the text "3,5" that the change history keeps."""
        if isinstance(value, str):
            return [int(part) for part in value.split(",") if part.strip().isdigit()]
        return super().to_python(value)


def picklist_fields(model: type[models.Model]) -> list[PicklistField]:
    """The picklist fields of a model."""
    return [field for field in model._meta.concrete_fields if isinstance(field, PicklistField)]
