"""What a company says about the fields of its lists: fields of its own, who may see which, how forms are laid out."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.kernel import registry
from crm.org.models import Role

PREFIX = "cf_"


class CustomKind(models.TextChoices):
    """What a custom field holds."""

    TEXT = "text", _("Text")
    LONG = "long", _("Long text")
    NUMBER = "number", pgettext_lazy("kind of a field", "Number")
    MONEY = "money", _("Money")
    DATE = "date", _("Date")
    DATETIME = "datetime", _("Date and time")
    BOOL = "bool", _("Yes or no")
    CHOICE = "choice", _("Single choice")
    CHOICES = "choices", _("Multiple choice")
    USER = "user", _("User")
    DEPARTMENT = "department", _("Department")
    REFERENCE = "reference", _("Reference to a record")
    ADDRESS = "address", _("Address")
    URL = "url", _("Web address")


class CustomField(models.Model):
    """A field that the company adds to a list module (自定义字段).

    Its values are kept under `name` in the column `custom` of the records. The kind stays as it was
    made: what is stored would mean something else. Retiring a field hides it and keeps its values.
    """

    entity = models.CharField(_("module"), max_length=80)
    kind = models.CharField(_("kind"), max_length=10, choices=CustomKind.choices)
    label = models.CharField(_("field name"), max_length=60)
    label_en = models.CharField(_("English name"), max_length=60, blank=True, default="")
    help_text = models.CharField(_("help text"), max_length=200, blank=True, default="")
    help_text_en = models.CharField(_("English help text"), max_length=200, blank=True, default="")
    # The key of another module, for references.
    target = models.CharField(_("leads to"), max_length=80, blank=True, default="")
    required = models.BooleanField(_("required"), default=False)
    unique = models.BooleanField(
        _("unique"), default=False, help_text=_("No two records of the module may have the same value.")
    )
    default = models.CharField(
        _("default"), max_length=200, blank=True, default="", help_text=_("What a new record starts with.")
    )
    minimum = models.DecimalField(_("smallest value"), max_digits=18, decimal_places=6, null=True, blank=True)
    maximum = models.DecimalField(_("largest value"), max_digits=18, decimal_places=6, null=True, blank=True)
    decimals = models.PositiveSmallIntegerField(_("decimal places"), default=0)
    min_length = models.PositiveIntegerField(_("fewest characters"), null=True, blank=True)
    max_length = models.PositiveIntegerField(_("most characters"), null=True, blank=True)
    pattern = models.CharField(
        _("pattern"),
        max_length=100,
        blank=True,
        default="",
        help_text=_(r"A regular expression that the whole text has to fit, such as [A-Z]{2}-\d{4}."),
    )
    section = models.PositiveSmallIntegerField(_("section of the form"), default=0)
    position = models.PositiveIntegerField(
        _("place in the section"),
        default=100,
        help_text=_("Among the custom fields of the section, smaller numbers come first."),
    )
    listed = models.BooleanField(_("shown in the list"), default=False)
    filterable = models.BooleanField(
        _("filtered and sorted by"),
        default=False,
        help_text=_("Gets an index and a place in the filter bar. Queries and statistics can use every field."),
    )
    searchable = models.BooleanField(_("found by the search box"), default=False)
    active = models.BooleanField(
        _("active"), default=True, help_text=_("A retired field is hidden everywhere; its values are kept.")
    )

    class Meta:
        verbose_name = _("custom field")
        verbose_name_plural = _("custom fields")
        ordering = ("entity", "section", "position", "pk")
        constraints = [models.UniqueConstraint(fields=["entity", "label"], name="one_custom_field_per_label")]

    def __str__(self) -> str:
        return self.label

    @property
    def name(self) -> str:
        """What forms, files, queries and the API call the field; never derived from what somebody typed."""
        return f"{PREFIX}{self.pk}"


class Level(models.TextChoices):
    """How a rule narrows a field, from strict to generous."""

    HIDDEN = "hidden", _("Hidden")
    MASKED = "masked", _("Masked")
    READ_ONLY = "read_only", _("Read-only")


class FieldRule(models.Model):
    """A role sees a field not at all, in part, or may not change it (字段权限). Without a rule it may do both."""

    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="field_rules", verbose_name=_("role"))
    entity = models.CharField(_("module"), max_length=80)
    field = models.CharField(_("field"), max_length=80)
    level = models.CharField(_("field permission"), max_length=10, choices=Level.choices)

    class Meta:
        ordering = ("role", "entity", "field")
        constraints = [models.UniqueConstraint(fields=["role", "entity", "field"], name="one_rule_per_role_and_field")]

    def __str__(self) -> str:
        return f"{self.role} · {self.entity} · {self.field}"


class FieldRole(Role):
    """A role, as the page of field permissions shows it."""

    class Meta:
        proxy = True
        verbose_name = _("field permission")
        verbose_name_plural = _("field permissions")


class FormLayout(models.Model):
    """The form of one list module as the company arranged it (表单设计). Without one the form is as declared."""

    entity = models.CharField(_("module"), max_length=80, unique=True)
    # [{"label": "基本信息", "label_en": "", "columns": 2, "folded": false, "fields": ["name", "cf_3"]}, …]
    sections = models.JSONField(_("sections"), default=list)
    # [{"field": "cf_3", "when": "kind", "values": ["5"]}, …]: shown while `when` has one of the values
    conditions = models.JSONField(_("visibility rules"), default=list, blank=True)

    class Meta:
        verbose_name = _("form layout")
        verbose_name_plural = _("form layouts")

    def __str__(self) -> str:
        entity = registry.find(self.entity)
        return entity.label_plural if entity else self.entity
