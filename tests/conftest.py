"""Fixtures for all tests."""

from collections.abc import Iterator

import pytest
from django.conf import settings

from crm.org import access
from crm.testing.people import People, make_people


@pytest.fixture
def people(db: None) -> People:
    """A small company; see `crm.testing.people`."""
    return make_people()


@pytest.fixture(autouse=True)
def _fresh_caches() -> Iterator[None]:
    """A rolled-back test may leave rights in the process that a later test must not see."""
    access._cache.clear()
    yield


def pytest_configure() -> None:
    """Argon2 is slow on purpose; tests sign in thousands of times."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
