"""Once is enough: a form that is sent twice creates one record."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from crm.kernel.dates import now
from crm.record.models import Record, Submission

if TYPE_CHECKING:
    from crm.org.models import User

KEPT = timedelta(days=7)


def once(user: "User", token: str, create: Callable[[], Record]) -> tuple[int, bool]:
    """The id of the record that `create` makes, and whether this call made it.

    The same user's second call with the same token, at once or later, gets the id of the first;
    when the first fails, nothing stays of it. Without a valid token every call creates.
    """
    key = _uuid(token)
    if key is None:
        return create().pk, True
    with transaction.atomic():
        # The unique row is taken first: a second request waits here until the first has ended.
        submission, fresh = Submission.objects.get_or_create(user=user, token=key, defaults={"at": now()})
        if fresh:
            submission.object_id = create().pk
            submission.save(update_fields=["object_id"])
    return submission.object_id or 0, fresh


def forget_old() -> None:
    """Drop the tokens of forms that nobody sends any more."""
    Submission.objects.filter(at__lt=now() - KEPT).delete()


def _uuid(token: str) -> UUID | None:
    try:
        return UUID(token)
    except ValueError:
        return None
