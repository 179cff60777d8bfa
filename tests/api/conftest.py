"""Programs that call the API."""

import pytest
from pytest_django import Settings

from crm.testing.api_promises import Program
from crm.testing.people import People


@pytest.fixture(autouse=True)
def _many_calls(settings: Settings) -> None:
    """Tests call more often than programs may."""
    settings.API_CALLS_PER_MINUTE = 1_000_000


@pytest.fixture
def alice(people: People) -> Program:
    return Program(people.alice)


@pytest.fixture
def charlie(people: People) -> Program:
    return Program(people.charlie)
