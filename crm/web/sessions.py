"""How long a session lives: 8 hours without a request, 7 days in all.

A request writes the session only if the last such note is older than 10 minutes.
"""

import time

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from crm.audit import sessions
from crm.org.models import User
from crm.web.addresses import address, device

IDLE_SECONDS = 8 * 3600
NOTE_SECONDS = 600
BEGAN, SEEN = "began", "seen"


def begin(request: HttpRequest, user: User) -> None:
    """Start both clocks; called at sign-in."""
    request.session[BEGAN] = request.session[SEEN] = _now()
    sessions.begin(request.session.session_key or "", user, address(request), device(request))


def is_over(session: SessionBase) -> bool:
    """Whether one of the clocks has run out. A session that never began is young."""
    now = _now()
    idle, age = now - session.get(SEEN, now), now - session.get(BEGAN, now)
    return bool(idle > IDLE_SECONDS or age > settings.SESSION_COOKIE_AGE)


def note(request: HttpRequest, user: User) -> None:
    """Remember that the user was here, now and then."""
    session = request.session
    if BEGAN not in session:
        begin(request, user)
    elif _now() - session[SEEN] > NOTE_SECONDS:
        session[SEEN] = _now()
        sessions.seen(session.session_key or "", user, address(request), device(request))


def _now() -> int:
    return int(time.time())
