"""What changes about a user's account."""

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from crm.kernel import events
from crm.kernel.errors import Refused
from crm.org.events import Deactivated, SessionsEnded
from crm.org.models import User


def deactivate(user: User, by: User) -> None:
    """Close the account; every session of theirs is over with the next request.

    Raises `Refused` when `by` would lock themselves out.
    """
    if user == by:
        raise Refused(_("You cannot deactivate your own account."))
    with transaction.atomic():
        # The epoch is part of the session hash, so old sessions stay dead after a reactivation.
        User.objects.filter(pk=user.pk).update(is_active=False, session_epoch=F("session_epoch") + 1)
        events.emit(SessionsEnded(user))
        events.emit(Deactivated(user, by))
    user.refresh_from_db()


def activate(user: User) -> None:
    """Open the account again; the user has to sign in anew."""
    User.objects.filter(pk=user.pk).update(is_active=True)
    user.refresh_from_db()


def end_sessions(user: User) -> None:
    """Sign the user out everywhere."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
        events.emit(SessionsEnded(user))
    user.refresh_from_db()
