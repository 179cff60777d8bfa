"""What was imported and exported: by whom, from which file or query, and what became of each row."""

from typing import Any
from uuid import uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.jobs.models import Job
from crm.org.models import User


def file_path(owner: "Import | Export", name: str) -> str:
    """Where a file lies: never under a name that a user chose."""
    return f"exchange/{type(owner).__name__.lower()}/{uuid4().hex}"


class OnDuplicate(models.TextChoices):
    """What happens to an imported row whose record exists already."""

    SKIP = "skip", _("Skip")
    UPDATE = "update", _("Update")
    CREATE = "create", _("Create anyway")


class Import(models.Model):
    """An uploaded table on its way into an entity."""

    entity = models.CharField(_("module"), max_length=80)
    by = models.ForeignKey(User, models.PROTECT, related_name="imports", verbose_name=_("imported by"))
    at = models.DateTimeField(_("uploaded at"), auto_now_add=True)
    file = models.FileField(upload_to=file_path, max_length=200, blank=True)
    name = models.CharField(_("file name"), max_length=255)
    header = models.JSONField(default=list)
    total = models.PositiveIntegerField(_("rows"), default=0)
    # Name of a field of the entity → index of the column that fills it.
    mapping = models.JSONField(default=dict)
    on_duplicate = models.CharField(
        _("duplicates"), max_length=6, choices=OnDuplicate.choices, default=OnDuplicate.SKIP
    )
    # Set when the import starts, and again when failed rows are tried again; it tells how far it is.
    job = models.OneToOneField(Job, models.PROTECT, null=True, related_name="+")
    # Takes back what the import wrote.
    undo = models.OneToOneField(Job, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        indexes = [models.Index(fields=["by", "entity", "-id"], name="imports_of_a_user")]

    def __str__(self) -> str:
        return self.name


class SavedMapping(models.Model):
    """What the columns of tables from one source mean, under a name that a user gave it."""

    by = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    entity = models.CharField(max_length=80)
    name = models.CharField(_("name"), max_length=40)
    # Heading, as headings are compared → name of the field, or nothing for a column that is left out.
    fields = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("saved mapping")
        verbose_name_plural = _("saved mappings")
        constraints = [models.UniqueConstraint(fields=["by", "entity", "name"], name="one_mapping_per_name")]

    def __str__(self) -> str:
        return self.name


class RowState(models.TextChoices):
    """What became of an uploaded row."""

    PENDING = "pending", _("Waiting")
    CREATED = "created", _("Added")
    UPDATED = "updated", _("Updated")
    SKIPPED = "skipped", _("Left out")
    FAILED = "failed", _("Not imported")
    AGAIN = "again", _("Tried again")  # it failed, was mended and waits
    UNDONE = "undone", _("Undone")
    KEPT = "kept", _("Not undone")


# Rows whose record the import wrote and nobody has taken back.
WRITTEN = (RowState.CREATED, RowState.UPDATED)


class ImportRow(models.Model):
    """One uploaded row, as it was read; loaded before anything is written, so that no row is lost or done twice."""

    batch = models.ForeignKey(Import, models.CASCADE, related_name="rows", db_index=False)
    # As the user's spreadsheet counts.
    number = models.PositiveIntegerField(_("row"))
    data: "models.JSONField[Any, Any]" = models.JSONField()
    state = models.CharField(_("state"), max_length=7, choices=RowState.choices, default=RowState.PENDING)
    # Sentences in the importer's language: why it failed, was skipped or could not be undone.
    reason = models.TextField(_("reason"), blank=True, default="")
    record_id = models.BigIntegerField(null=True)
    # Of an updated record: what `crm.flow.undo.put_back` needs.
    former: "models.JSONField[Any, Any]" = models.JSONField(null=True)

    class Meta:
        verbose_name = _("imported row")
        verbose_name_plural = _("imported rows")
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="one_row_per_import_and_number")]
        indexes = [
            models.Index(fields=["batch", "number"], condition=models.Q(state=RowState.FAILED), name="failed_rows"),
            models.Index(
                fields=["batch", "record_id"], condition=models.Q(record_id__isnull=False), name="row_records"
            ),
        ]


class Format(models.TextChoices):
    """The kinds of file that an export can be."""

    XLSX = "xlsx", _("Excel workbook (.xlsx)")
    CSV = "csv", _("Text table (.csv)")


class Export(models.Model):
    """The log of exports, and the file of those that ran in the background. Rows are never changed after their end."""

    entity = models.CharField(_("module"), max_length=80)
    by = models.ForeignKey(User, models.PROTECT, related_name="exports", verbose_name=_("exported by"))
    at = models.DateTimeField(_("exported at"), auto_now_add=True)
    # The list's query as its URL has it, and the ids of a selection; empty means all that the list shows.
    query = models.TextField(_("query"), blank=True, default="")
    selection = models.JSONField(_("selection"), null=True)
    columns = models.JSONField(_("columns"), default=list)
    format = models.CharField(_("format"), max_length=4, choices=Format.choices, default=Format.XLSX)
    rows = models.PositiveIntegerField(_("rows"), null=True)
    file = models.FileField(upload_to=file_path, max_length=200, blank=True)
    job = models.OneToOneField(Job, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        indexes = [models.Index(fields=["by", "-id"], name="exports_of_a_user")]
