"""What the organisation tells the modules above it; see `crm.kernel.events`."""

from dataclasses import dataclass
from typing import Any

from crm.org.models import User


@dataclass(frozen=True)
class SessionsEnded:
    """Every session of the user ends now, for whatever reason; what else lets them in can end with it."""

    user: User


@dataclass(frozen=True)
class Deactivated:
    """An account was closed: whatever acts in its name (sessions, tokens) has to end in this transaction."""

    user: User
    by: User


@dataclass(frozen=True)
class SettingsChanged:
    """Somebody changed people, rights or settings on the administration's pages."""

    by: User
    action: str  # "add", "change" or "delete"
    changed: Any  # the object
    what: str  # which of its fields, in words
