"""The document of these tests."""

from collections.abc import Iterator

import pytest

from crm.entity.declare import Entity
from crm.testing.people import People, make_people
from tests.lines.documents import declared


@pytest.fixture
def entity(db: None) -> Iterator[Entity]:
    """Orders with lines."""
    with declared() as made:
        yield made


@pytest.fixture
def people(entity: Entity) -> People:
    """A small company whose roles know the document."""
    return make_people()
