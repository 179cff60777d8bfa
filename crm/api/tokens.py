"""Issuing, finding and revoking access tokens."""

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import F, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from crm.api.models import Token
from crm.kernel.dates import now
from crm.kernel.errors import Refused
from crm.org.models import Stamp

if TYPE_CHECKING:
    from crm.org.models import User

PREFIX = "crm_"
HINT = len(PREFIX) + 4  # characters of a key that are kept readable
MOST = 20  # living tokens of one user
USE_NOTED = timedelta(minutes=1)


def issue(user: "User", name: str, reach: str, days: int) -> tuple[Token, str]:
    """A new token and its key, which nobody can read again; Refused when the user has too many."""
    if live(user).count() >= MOST:
        raise Refused(_("You have %(count)s tokens already. Revoke one that you do not need.") % {"count": MOST})
    key = PREFIX + secrets.token_urlsafe(32)
    token = Token.objects.create(
        user=user,
        name=name,
        hint=key[:HINT],
        digest=_digest(key),
        reach=reach,
        epoch=user.session_epoch,
        expires_at=now() + timedelta(days=days),
    )
    return token, key


def find(key: str) -> Token | None:
    """The living token of a key, with its user as the sign-in loads them; one query."""
    found = (
        Token.objects.select_related("user__department")
        .annotate(org_stamp=Subquery(Stamp.objects.values("number")[:1]))
        .filter(digest=_digest(key))
        .first()
    )
    if found is None or not found.is_live:
        return None
    found.user.org_stamp = found.org_stamp  # type: ignore[attr-defined]
    return found


def note_use(token: Token) -> None:
    """Remember that the token was used; at most one write a minute."""
    at = now()
    if token.last_used_at is None or at - token.last_used_at >= USE_NOTED:
        old = Q(last_used_at=None) | Q(last_used_at__lte=at - USE_NOTED)
        Token.objects.filter(old, pk=token.pk).update(last_used_at=at)


def live(user: "User") -> QuerySet[Token]:
    """The user's tokens that open something, newest first."""
    mine = Token.objects.filter(user=user, revoked_at=None, expires_at__gt=now())
    return mine.filter(user__is_active=True, epoch=F("user__session_epoch")).order_by("-pk")


def revoke(tokens: QuerySet[Token]) -> int:
    """End tokens at once; gives how many that changes."""
    return tokens.filter(revoked_at=None).update(revoked_at=now())


def _digest(key: str) -> str:
    # A key is 256 random bits: nobody guesses it, so a fast digest keeps it as well as a slow one.
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()
