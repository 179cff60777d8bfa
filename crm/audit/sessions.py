"""Who is signed in where, and the sign-in log."""

import re
from typing import TYPE_CHECKING

from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from crm.audit.models import OpenSession, SignIn, SignInEvent
from crm.kernel.dates import now
from crm.org.events import SessionsEnded

if TYPE_CHECKING:
    from crm.org.models import User

# The first that a browser's own description holds names it; the order matters, for most pretend to be others.
BROWSERS = (
    ("DingTalk", r"DingTalk"), ("WeCom", r"wxwork"), ("WeChat", r"MicroMessenger"), ("Edge", r"Edg(e|A|iOS)?/"),
    ("Opera", r"OPR/"), ("Firefox", r"Firefox/|FxiOS/"), ("Chrome", r"Chrome/|CriOS/"), ("Safari", r"Safari/"),
)  # fmt: skip
SYSTEMS = (
    ("HarmonyOS", r"HarmonyOS|OpenHarmony"), ("iPhone", r"iPhone"), ("iPad", r"iPad"), ("Android", r"Android"),
    ("Windows", r"Windows"), ("macOS", r"Mac OS X|Macintosh"), ("Linux", r"Linux"),
)  # fmt: skip


def device_of(agent: str) -> str:
    """Browser and system in a few words, such as “Chrome · Windows”; empty where neither is known."""
    found = [next((name for name, mark in known if re.search(mark, agent)), "") for known in (BROWSERS, SYSTEMS)]
    return " · ".join(name for name in found if name)


def note(
    event: SignInEvent, *, user: "User | None" = None, username: str = "", address: str = "", device: str = ""
) -> None:
    """Write one line of the sign-in log."""
    SignIn.objects.create(
        at=now(),
        event=event,
        by=user,
        username=(user.username if user else username.replace("\x00", ""))[:50],
        address=address,
        device=device,
    )


def begin(key: str, user: "User", address: str, device: str) -> None:
    """A session has begun."""
    at = now()
    facts = {"user": user, "began_at": at, "seen_at": at, "address": address, "device": device}
    OpenSession.objects.update_or_create(key=key, defaults=facts)


def seen(key: str, user: "User", address: str, device: str) -> None:
    """The session's user is there."""
    if not OpenSession.objects.filter(key=key, user=user).update(seen_at=now(), address=address):
        begin(key, user, address, device)


def renamed(old: str, new: str) -> None:
    """A session goes on under another key."""
    OpenSession.objects.filter(key=old).update(key=new)


def forget(key: str) -> None:
    """A session has ended by itself."""
    OpenSession.objects.filter(key=key).delete()


def open_sessions(user: "User") -> QuerySet[OpenSession]:
    """The user's sessions that live, the one seen last first."""
    alive = Session.objects.filter(expire_date__gt=now()).values("session_key")
    return OpenSession.objects.filter(user=user, key__in=alive).order_by("-seen_at", "-pk")


def end(user: "User", *, pk: int | None = None, but: str = "") -> int:
    """End one of the user's sessions, or all of them except the one of the key `but`; gives how many ended."""
    mine = OpenSession.objects.filter(user=user).exclude(key=but)
    ending = list(mine if pk is None else mine.filter(pk=pk))
    for session in ending:
        SessionStore(session.key).delete()
        note(SignInEvent.ENDED, user=user, address=session.address, device=session.device)
    OpenSession.objects.filter(pk__in=[session.pk for session in ending]).delete()
    return len(ending)


def forget_all(event: SessionsEnded) -> None:
    """All sessions of a user have ended: nothing of them stays, so that none can come back."""
    end(event.user)


def tidy() -> None:
    """Forget sessions whose time is over, and the list's lines about them."""
    SessionStore.clear_expired()
    OpenSession.objects.exclude(key__in=Session.objects.values("session_key")).delete()
