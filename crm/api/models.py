"""Access tokens: what a program shows instead of a password."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.kernel.dates import now


class Reach(models.TextChoices):
    """What a token may be used for, within what its user may do."""

    READ = "read", _("Read only")
    WRITE = "write", _("Read and write")


class Token(models.Model):
    """A program's key to the API. It acts as its user; the key itself is not kept, only its digest."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens", verbose_name=_("user")
    )
    name = models.CharField(_("name"), max_length=60)
    # The beginning of the key, by which its owner tells it from others.
    hint = models.CharField(_("begins with"), max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    reach = models.CharField(_("may"), max_length=5, choices=Reach.choices, default=Reach.READ)
    # The user's session epoch when it was made: whatever ends all their sessions ends it too, for good.
    epoch = models.PositiveIntegerField()
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    expires_at = models.DateTimeField(_("valid until"))
    # Kept to the minute.
    last_used_at = models.DateTimeField(_("last used"), null=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        indexes = [models.Index(fields=["user", "-id"], name="tokens_of_a_user")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_live(self) -> bool:
        """Whether it opens anything now; `user` has to be as it is in the database."""
        return (
            self.revoked_at is None
            and self.expires_at > now()
            and self.user.is_active
            and self.epoch == self.user.session_epoch
        )
