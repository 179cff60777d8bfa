"""A new entity is a model plus one declaration: this one is made here, and keeps every promise."""

from collections.abc import Callable, Iterator

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models

from crm.entity.checks import problems
from crm.entity.declare import Entity, Exchange, Section, register
from crm.kernel import registry
from crm.record.models import Record, record_indexes
from crm.record.picklists import PicklistField
from crm.testing.contract import PROMISES, World
from crm.testing.people import People, make_people


class Machine(Record):
    """Something that customers have and that we look after."""

    number_prefix = "SB"
    name = models.CharField("名称", max_length=60)
    kind = PicklistField("种类", list="tests.machine_kind")
    place = models.CharField("位置", max_length=60, blank=True, default="")
    built_on = models.DateField("出厂日期", null=True, blank=True)

    class Meta:
        app_label = "tests"
        verbose_name = verbose_name_plural = "设备"
        indexes = record_indexes("machine")


class MachineEntity(Entity):
    model = Machine
    menu, icon = "customers", "building"
    columns = ("name", "kind", "place", "built_on", "owner", "created_at")
    filters = ("kind", "owner", "built_on")
    sections = (Section("基本信息", "name", "kind", "place", "built_on", "remarks"),)
    exchange = Exchange(key=(("number",), ("name",)), fields=("name", "kind", "place", "built_on", "remarks"))


@pytest.fixture
def entity(db: None) -> Iterator[Entity]:
    with connection.schema_editor() as editor:
        editor.create_model(Machine)
    register(MachineEntity)
    yield registry.get("tests.machine")
    registry.remove("tests.machine")
    ContentType.objects.clear_cache()


@pytest.fixture(scope="module", autouse=True)
def _forget_the_model() -> Iterator[None]:
    yield
    apps.all_models["tests"].pop("machine", None)
    apps.clear_cache()


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_entity(entity: Entity, promise: Callable[[World], None]) -> None:
    people: People = make_people()
    promise(World(entity, people))


def test_a_misspelt_name_is_a_problem_at_start_up(entity: Entity) -> None:
    class Misspelt(MachineEntity):
        columns = ("name", "plaec")
        filters = ("kindd",)
        order = ("-builton",)

    assert problems(Misspelt()) == [
        "columns: no field or property 'plaec'",
        "filters: no field 'kindd'",
        "order: no field 'builton'",
    ]


def test_an_unknown_attribute_is_an_error() -> None:
    with pytest.raises(TypeError, match="colums"):

        @register
        class Wrong(MachineEntity):
            colums = ("name",)
