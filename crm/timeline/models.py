"""What people say to each other about a record: comments, whom they mention, and who likes what."""

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext_lazy as _

LONGEST = 2000  # characters of a comment


class Comment(models.Model):
    """A comment on a record, or the reply to one; whoever sees the record sees it. Its text is plain."""

    content_type = models.ForeignKey(ContentType, models.PROTECT, related_name="+", db_index=False)
    object_id = models.BigIntegerField()
    # Replies stand below a comment and are not replied to.
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="replies")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(_("at"))
    text = models.TextField(_("comment"), max_length=LONGEST)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        indexes = [
            models.Index(
                fields=["content_type", "object_id", "-at", "-id"],
                name="comments_of_a_record",
                condition=models.Q(parent=None),
            )
        ]

    def __str__(self) -> str:
        return self.text


class Mention(models.Model):
    """A user whom a comment names; they were told."""

    comment = models.ForeignKey(Comment, models.CASCADE, related_name="mentions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("mention")
        verbose_name_plural = _("mentions")
        constraints = [models.UniqueConstraint(fields=["comment", "user"], name="one_mention_per_comment_and_user")]


class Like(models.Model):
    """Somebody likes a comment, or a record that stands in a timeline (a follow-up)."""

    content_type = models.ForeignKey(ContentType, models.PROTECT, related_name="+", db_index=False)
    object_id = models.BigIntegerField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("like")
        verbose_name_plural = _("likes")
        constraints = [
            models.UniqueConstraint(fields=["content_type", "object_id", "user"], name="one_like_per_thing_and_user")
        ]
