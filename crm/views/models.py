"""Saved views (视图) of lists, and what each user chose for a list."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.org.models import Department, User


class Audience(models.TextChoices):
    """Who finds a view among their tabs."""

    PRIVATE = "private", _("Only me")
    SOME = "some", _("Named users and departments")
    ALL = "all", _("Everybody")


class SavedView(models.Model):
    """A query with columns, order and page size under a name. It holds no rows: whoever opens it sees their own."""

    entity = models.CharField(_("module"), max_length=80)
    owner = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("owner"))
    name = models.CharField(_("name"), max_length=40)
    # The list's parameters in their one normal form, without page and view.
    query = models.TextField(_("query"), blank=True, default="")
    # See `crm.views.columns`; empty shows the list's own columns.
    columns: "models.JSONField[Any, Any]" = models.JSONField(_("columns"), default=dict, blank=True)
    fingerprint = models.CharField(max_length=64)
    audience = models.CharField(_("visible to"), max_length=7, choices=Audience.choices, default=Audience.PRIVATE)
    users = models.ManyToManyField(User, related_name="+", blank=True, verbose_name=_("users"))
    # With all departments below them.
    departments = models.ManyToManyField(Department, related_name="+", blank=True, verbose_name=_("departments"))
    # What the list opens with for everybody who has not chosen for themselves.
    is_default = models.BooleanField(_("default for everybody"), default=False)

    class Meta:
        verbose_name = _("view")
        verbose_name_plural = _("views")
        constraints = [
            models.UniqueConstraint(fields=["entity", "owner", "fingerprint"], name="one_view_per_query"),
            models.UniqueConstraint(fields=["entity", "owner", "name"], name="one_view_per_name"),
            models.UniqueConstraint(
                fields=["entity"], condition=models.Q(is_default=True), name="one_default_view_per_list"
            ),
            models.CheckConstraint(
                condition=models.Q(is_default=False) | models.Q(audience=Audience.ALL), name="default_view_is_for_all"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ListChoice(models.Model):
    """What one user chose for one list: what it opens with, the order of the tabs, the columns."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    entity = models.CharField(max_length=80)
    # Whether `default` counts; without a view it then means: all records.
    has_default = models.BooleanField(default=False)
    default = models.ForeignKey(SavedView, models.SET_NULL, null=True, related_name="+")
    # Ids of views; those that are not named come behind them.
    order: "ArrayField[Any, Any]" = ArrayField(models.BigIntegerField(), default=list)
    # Id of a view, or nothing for the list itself → columns, see `crm.views.columns`.
    columns: "models.JSONField[Any, Any]" = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "entity"], name="one_choice_per_user_and_list")]
