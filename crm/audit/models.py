"""The operation log, the sign-in log, and the sessions that are open."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.kernel.phrases import said


class Entry(models.Model):
    """One line of the operation log (操作日志): who did what, when, from where; never changed, deleted only by age.

    It says what was done and on how many records. What became of their fields stands in their change history.
    """

    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    address = models.CharField(_("address"), max_length=45, blank=True, default="")
    action = models.CharField(_("operation"), max_length=40)
    # The module's key and, where it was one record, its id.
    entity = models.CharField(_("module"), max_length=80, blank=True, default="")
    record_id = models.BigIntegerField(null=True)
    count = models.PositiveIntegerField(_("records"), default=1)
    # A phrase (crm.kernel.phrases) about what neither the record nor its history tells.
    detail = models.JSONField(null=True)

    class Meta:
        verbose_name = _("operation log entry")
        verbose_name_plural = _("operation log")
        indexes = [
            models.Index(fields=["-at", "-id"], name="audit_newest"),
            models.Index(fields=["by", "-at", "-id"], name="audit_of_a_user"),
            models.Index(fields=["entity", "-at", "-id"], name="audit_of_a_module"),
            models.Index(fields=["action", "-at", "-id"], name="audit_of_an_operation"),
        ]

    def __str__(self) -> str:
        return self.text or self.action

    @property
    def text(self) -> str:
        """The detail in the reader's language; empty without one."""
        return said(self.detail) if self.detail else ""


class SignInEvent(models.TextChoices):
    """What the sign-in log knows."""

    SUCCESS = "success", _("Signed in")
    FAILURE = "failure", _("Sign-in failed")
    LOCKED = "locked", _("Locked out")
    SIGN_OUT = "sign_out", _("Signed out")
    ENDED = "ended", _("Session ended")


class SignIn(models.Model):
    """One line of the sign-in log (登录日志); never changed, deleted only by age."""

    at = models.DateTimeField(_("at"))
    event = models.CharField(_("event"), max_length=10, choices=SignInEvent.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    # As it was typed: whoever fails may not be anybody.
    username = models.CharField(_("user name"), max_length=50, blank=True, default="")
    address = models.CharField(_("address"), max_length=45, blank=True, default="")
    device = models.CharField(_("device"), max_length=80, blank=True, default="")

    class Meta:
        verbose_name = _("sign-in log entry")
        verbose_name_plural = _("sign-in log")
        indexes = [
            models.Index(fields=["-at", "-id"], name="sign_in_newest"),
            models.Index(fields=["by", "-at", "-id"], name="sign_in_of_a_user"),
        ]

    def __str__(self) -> str:
        return f"{self.username} {self.get_event_display()}"


class OpenSession(models.Model):
    """A session that somebody has open, for the list on their account page."""

    key = models.CharField(max_length=40, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    address = models.CharField(max_length=45, blank=True, default="")
    device = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
