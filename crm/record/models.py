"""What every record has, and the tables that hang on records of all kinds."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.org.models import User
from crm.record import custom
from crm.record.picklists import PicklistOption
from crm.record.query import RecordQuerySet
from crm.record.scope import Scoped
from crm.record.search import SearchIndex, search_text
from crm.record.tracked import Tracked

__all__ = ["Attachment", "Change", "Counter", "NumberRule", "OwnerChange", "PicklistOption", "Record", "Submission"]


class Record(Tracked, Scoped, models.Model):
    """A business record: numbered, owned, searchable, with history; deleting hides it.

    Subclasses name their facts in the class attributes below and are written through
    `crm.record.write` only, which keeps number, search text, history and version.
    """

    number_prefix: ClassVar[str] = ""
    name_field: ClassVar[str] = "name"
    state_field: ClassVar[str] = ""
    search_names: ClassVar[Sequence[str]] = ("name",)
    search_phones: ClassVar[Sequence[str]] = ()
    search_codes: ClassVar[Sequence[str]] = ("number",)
    search_texts: ClassVar[Sequence[str]] = ()
    # Kept by the system: neither typed into forms nor listed in the change history.
    system_fields: ClassVar[frozenset[str]] = frozenset(
        {
            "id", "search", "custom", "version", "created_at", "created_by", "updated_at", "updated_by",
            "deleted_at", "deleted_by",
        }
    )  # fmt: skip

    number = models.CharField(_("number"), max_length=40, editable=False, default="")
    # The composite indexes below serve the owner; who wrote what is not indexed: each index costs every written row.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("owner"),
    )
    department = models.ForeignKey(
        "org.Department",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=pgettext_lazy("of a record", "department"),
    )
    remarks = models.TextField(_("remarks"), blank=True, default="", max_length=2000)
    created_at = models.DateTimeField(_("created at"), editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        db_index=False,
        verbose_name=_("created by"),
    )
    updated_at = models.DateTimeField(_("updated at"), editable=False)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        db_index=False,
        verbose_name=_("updated by"),
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+", db_index=False
    )
    search = models.TextField(editable=False, default="", db_collation="C")
    # The fields that the company added, by name; see `crm.record.custom`.
    custom = custom.CustomValues()

    objects = RecordQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(getattr(self, self.name_field))

    @classmethod
    def key(cls) -> str:
        """The entity key under which rights are granted, such as `customers.customer`."""
        return cls._meta.label_lower

    def compose_search(self) -> str:
        """The text of the search column, from the fields that the class names."""
        return search_text(
            self._texts(self.search_names),
            self._texts(self.search_phones),
            self._texts(self.search_codes),
            [*self._texts(self.search_texts), *custom.searched(self)],
        )

    def _texts(self, names: Sequence[str]) -> list[str]:
        return [value for name in names if (value := getattr(self, name))]

    def custom_value(self, name: str) -> Any:
        """The value of a custom field; of users, departments, options and records the id."""
        field = custom.custom_field(name)
        return custom.decode(field, self.custom.get(name)) if field is not None else None

    def reference(self, name: str) -> "Record | None":
        """The record that a custom field leads to, if a reader who may see it had it loaded."""
        return self.__dict__.get("_references", {}).get(name)  # type: ignore[no-any-return]

    def set_custom(self, name: str, value: Any) -> None:
        """Put a value into a custom field; None empties it, also where a new record would get a default."""
        stored = custom.encode(value)
        held = {key: each for key, each in self.custom.items() if key != name}
        self.custom = held if stored is None and self.pk else {**held, name: stored}

    def changed_values(self) -> dict[str, tuple[Any, Any]]:
        """Field name → (value in the database, value now) of what differs; of relations the ids."""
        names = {field.attname: field.name for field in self._meta.concrete_fields}
        changed = {names[attname]: pair for attname, pair in self.changed_fields().items()}
        for name, pair in custom.differences(*changed.pop(custom.COLUMN, ({}, {}))).items():
            field = custom.custom_field(name)
            if field is not None:
                changed[name] = (custom.decode(field, pair[0]), custom.decode(field, pair[1]))
        return changed

    def check_rules(self) -> dict[str, list[Any]]:
        """Rules over several fields: field name → sentences. Must not query (it runs per imported row)."""
        return {}

    def kept_because(self) -> str | None:
        """Why a rule of the model forbids deleting this record now, as a sentence; None if none does."""
        return None

    @classmethod
    def before_write(cls, records: Sequence[Any], by: "User | None") -> None:
        """Fill what follows from other fields or tables, for many at once, before they are written."""

    @classmethod
    def after_write(cls, records: Sequence[Any], by: "User | None") -> None:
        """Bring up to date what other tables derive from these records, for many at once, in the same transaction."""

    @property
    def state_label(self) -> str:
        """The state as the user reads it; empty where the entity has none."""
        return str(getattr(self, f"get_{self.state_field}_display")()) if self.state_field else ""


def record_indexes(name: str, *extra: models.Index) -> list[models.Index]:
    """The indexes every record table needs: newest first, newest of an owner, search, number, recycle bin.

    `name` is a short prefix for the index names (at most 18 characters).
    """
    alive = models.Q(deleted_at=None)
    return [
        # With the owner in it, a far page of a scope is found in the index alone.
        models.Index(fields=["-created_at", "-id"], name=f"{name}_newest", condition=alive, include=["owner"]),
        models.Index(fields=["owner", "-created_at", "-id"], name=f"{name}_owner", condition=alive),
        models.Index(fields=["number", "id"], name=f"{name}_number"),
        models.Index(fields=["-deleted_at", "-id"], name=f"{name}_bin", condition=~alive),
        SearchIndex(name=f"{name}_search"),
        *extra,
    ]


class Change(models.Model):
    """One line of the change history (变更历史); rows are never changed or deleted."""

    content_type = models.ForeignKey(ContentType, on_delete=models.PROTECT, related_name="+")
    object_id = models.BigIntegerField()
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    action = models.CharField(_("action"), max_length=40)
    # {"phone": ["021-5888 8888", "021-5888 8889"]}: values as text, as the user would read them in any language
    fields = models.JSONField(default=dict)
    reason = models.CharField(_("reason"), max_length=500, blank=True, default="")

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        indexes = [models.Index(fields=["content_type", "object_id", "-id"], name="change_of_record")]


class OwnerChange(models.Model):
    """Who held a record, from when, given by whom (负责人变更历史); an append-only ledger."""

    content_type = models.ForeignKey(ContentType, on_delete=models.PROTECT, related_name="+")
    object_id = models.BigIntegerField()
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    from_owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("from"))
    to_owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("to"))
    action = models.CharField(_("action"), max_length=40)
    reason = models.CharField(_("reason"), max_length=500, blank=True, default="")

    class Meta:
        verbose_name = _("owner change")
        verbose_name_plural = _("owner changes")
        indexes = [
            models.Index(fields=["content_type", "object_id", "-id"], name="owner_change_of_record"),
            models.Index(fields=["to_owner", "content_type", "-at"], name="owner_change_to"),
            models.Index(fields=["from_owner", "content_type", "-at"], name="owner_change_from"),
        ]


def attachment_path(attachment: "Attachment", name: str) -> str:
    """Where the file lies: never under a name that a user chose."""
    return f"attachments/{attachment.key[:2]}/{attachment.key}"


class Attachment(models.Model):
    """A file on a record; whoever may see the record may see the file."""

    content_type = models.ForeignKey(ContentType, on_delete=models.PROTECT, related_name="+")
    object_id = models.BigIntegerField()
    key = models.CharField(max_length=32, unique=True)
    file = models.FileField(upload_to=attachment_path, max_length=200)
    name = models.CharField(_("file name"), max_length=255)
    size = models.BigIntegerField(_("size"))
    sha256 = models.CharField(max_length=64)
    at = models.DateTimeField(_("uploaded at"))
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("uploaded by"))

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        indexes = [models.Index(fields=["content_type", "object_id", "-id"], name="attachment_of_record")]

    def __str__(self) -> str:
        return self.name


class NumberRule(models.Model):
    """How an entity's numbers read (编号规则), such as `KH{yyyyMMdd}{0000}`."""

    entity = models.CharField(_("module"), max_length=80, unique=True)
    pattern = models.CharField(
        _("pattern"),
        max_length=60,
        help_text=_("Text with {yyyy}, {yyyyMM} or {yyyyMMdd} for the date and {0000} for the serial number."),
    )

    class Meta:
        verbose_name = _("number rule")
        verbose_name_plural = _("number rules")

    def __str__(self) -> str:
        return self.pattern


class Counter(models.Model):
    """The last serial number given out for an entity in a period (the date part of its numbers)."""

    entity = models.CharField(max_length=80)
    period = models.CharField(max_length=8, blank=True)
    last = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entity", "period"], name="one_counter_per_entity_and_period")]


class Submission(models.Model):
    """A form that was sent: sent again, it leads to the record that the first time made."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    token = models.UUIDField()
    object_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "token"], name="one_submission_per_user_and_token")]
        indexes = [models.Index(fields=["at"], name="submission_at")]
