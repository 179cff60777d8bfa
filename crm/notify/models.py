"""Messages to users: what the bell shows."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.kernel.phrases import said

UNREAD = models.Q(read_at=None)


class Message(models.Model):
    """One message to one user; `crm.notify.inbox` sends and marks them.

    The texts are phrases (crm.kernel.phrases). They hold nothing of a record: `entity` and `record_id` name
    it, and its name is looked up, within what the reader may see, when the message is shown.
    """

    user = models.ForeignKey("org.User", models.CASCADE, related_name="messages")
    kind = models.CharField(max_length=30)
    title = models.JSONField()
    body = models.JSONField(null=True)
    entity = models.CharField(max_length=80, blank=True, default="")
    record_id = models.BigIntegerField(null=True)
    path = models.CharField(max_length=300, blank=True, default="")
    # Names of actions on the record that the reader may take from the message itself.
    actions = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes = [
            models.Index(fields=["user", "-id"], condition=UNREAD, name="unread_messages_of_a_user"),
            models.Index(fields=["user", "-id"], condition=~UNREAD, name="read_messages_of_a_user"),
            models.Index(fields=["entity", "record_id"], condition=UNREAD, name="unread_messages_about"),
        ]

    def __str__(self) -> str:
        return said(self.title)

    @property
    def text(self) -> str:
        """The body in the reader's language; empty without one."""
        return said(self.body) if self.body else ""
