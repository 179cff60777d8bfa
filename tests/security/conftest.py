"""The world that attacks are tried in, and what must not have changed afterwards."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from crm.org.models import User
from crm.testing import world

# Tables that a refused request may write to: logs of denials, sessions, tokens' last use.
WRITTEN_ANYWAY = (
    "django_session",
    "axes_",
    "audit_",
    "api_token",
    "org_user",
    "record_submission",
    "jobs_clock",
)


@pytest.fixture
def seeded(db: None) -> dict[str, Any]:
    """See `crm.testing.world`."""
    return world.seed()


@pytest.fixture
def signed_in(seeded: dict[str, Any]) -> Callable[[str], Client]:
    """A browser that is signed in as one of the world's people."""

    def sign_in(name: str) -> Client:
        client = Client()
        user = User.objects.get(pk=seeded["users"][name]["id"])
        client.force_login(user, backend="crm.org.auth.Backend")
        return client

    return sign_in


def snapshot() -> dict[str, Any]:
    """Every row of every table by its place and its last writer, but of those that are written anyway."""
    with connection.cursor() as cursor:
        names = [name for name in connection.introspection.table_names(cursor) if not name.startswith(WRITTEN_ANYWAY)]
        found = {}
        for name in names:
            rows = "count(*), md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), ''))"
            cursor.execute(f'SELECT {rows} FROM "{name}" t')  # noqa: S608 - names of our own tables
            found[name] = cursor.fetchone()
    return found
