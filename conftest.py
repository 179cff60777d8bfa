"""Runs before every test: the servers, without which no test database can be made, and what makes tests fast."""

import pytest
from django.conf import settings

from crm import embedded

embedded.start()


def pytest_configure(config: pytest.Config) -> None:
    """A quick password hash, static files as they lie, and patience with a busy machine's disk."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns when it is missing
    settings.DATABASES["default"]["OPTIONS"]["options"] += " -c statement_timeout=60000"
    settings.DATABASES["default"]["CONN_MAX_AGE"] = 0  # else each thread of a live server holds a connection
