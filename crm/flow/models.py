"""What people did and may still take back."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.kernel.phrases import said


class Command(models.Model):
    """One operation of one user with what reverses it; `crm.flow.undo` keeps and undoes it."""

    token = models.UUIDField(default=uuid4, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()
    # Which function reverses it; see `crm.flow.undo.reversible`.
    kind = models.CharField(max_length=30)
    # A phrase (crm.kernel.phrases): what was done, in its reader's language.
    title = models.JSONField()
    # The entity and, of a single record, its id: where the list of recent actions leads.
    entity = models.CharField(max_length=80, blank=True, default="")
    record_id = models.BigIntegerField(null=True)
    count = models.PositiveIntegerField(default=1)
    payload = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("recent action")
        verbose_name_plural = _("recent actions")
        indexes = [
            models.Index(fields=["user", "-id"], name="commands_of_a_user"),
            models.Index(fields=["at"], name="commands_by_age"),
        ]

    def __str__(self) -> str:
        return said(self.title)
