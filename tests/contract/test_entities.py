"""Every registered entity keeps every promise."""

from collections.abc import Callable

import pytest

from crm.entity.declare import Entity
from crm.kernel import registry
from crm.record.models import Record
from crm.testing.contract import PROMISES, World
from crm.testing.people import People

# Record types without an entity of their own, each with the reason.
EXEMPT: dict[str, str] = {}


@pytest.mark.parametrize("entity", registry.entities(), ids=lambda entity: entity.key)
@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_entity(people: People, entity: Entity, promise: Callable[[World], None]) -> None:
    promise(World(entity, people))


def test_every_kind_of_record_has_an_entity() -> None:
    kinds = {model for model in all_subclasses(Record) if not model._meta.abstract and model._meta.app_label != "tests"}
    missing = {model._meta.label_lower for model in kinds if registry.for_model(model) is None} - set(EXEMPT)
    assert not missing
    assert not set(EXEMPT) - {model._meta.label_lower for model in kinds}, "a stale exemption"


def all_subclasses(base: type[Record]) -> list[type[Record]]:
    """All classes below a class."""
    return [found for child in base.__subclasses__() for found in (child, *all_subclasses(child))]
