"""Fixtures for all tests."""

import pytest

from crm.org import access
from crm.testing.people import People, make_people


@pytest.fixture
def people(db: None) -> People:
    """A small company; see `crm.testing.people`."""
    return make_people()


@pytest.fixture(autouse=True)
def _fresh_caches() -> None:
    """A rolled-back test may leave rights in the process that a later test must not see."""
    access._cache.clear()
