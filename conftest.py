"""Runs before every test: the servers, without which no test database can be made, and what makes tests fast."""

import pytest
from django.conf import settings

from crm import embedded

embedded.start()


def pytest_configure(config: pytest.Config) -> None:
    """Use a quick password hash, and static files as they lie: nobody has collected them."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
