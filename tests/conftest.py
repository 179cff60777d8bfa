"""Fixtures for all tests."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import override_settings

from crm.org import access
from crm.testing.people import People, make_people
from crm.web.templatetags.crm import icon


@pytest.fixture(autouse=True, scope="session")
def _plain_static_files() -> Iterator[None]:
    """Pages name static files as they lie in the checkout, so that nothing has to be collected first."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(STORAGES=settings.STORAGES | {"staticfiles": plain}):
        yield


@pytest.fixture
def people(db: None) -> People:
    """A small company; see `crm.testing.people`."""
    return make_people()


@pytest.fixture(autouse=True)
def _fresh_caches() -> None:
    """A rolled-back test may leave rights in the process that a later test must not see."""
    access._cache.clear()
    icon.cache_clear()
