"""A document with lines and stages keeps every promise that entities make, and some of its own."""

from collections.abc import Callable

import pytest

from crm.entity.checks import problems
from crm.entity.declare import Entity
from crm.entity.lines import Lines
from crm.testing.contract import PROMISES, World
from crm.testing.people import People
from tests.lines.documents import OrderEntity, OrderLine, order
from tests.web.record_pages import as_, text

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_entity(entity: Entity, people: People, promise: Callable[[World], None]) -> None:
    promise(World(entity, people))


def test_misspelt_lines_and_stages_are_problems_at_start_up(entity: Entity) -> None:
    class Misspelt(OrderEntity):
        stages = ("draft", "sned")
        remembered = ("term",)
        lines = Lines(OrderLine, "prodcut", sums={"nett": "net", "total": "gross"})

    assert sorted(problems(Misspelt())) == [
        "lines: no field 'nett' for a sum",
        "lines: no field 'prodcut'",
        "lines: no sum 'gross'",
        "remembered: no field 'term'",
        "stages: no state 'sned'",
    ]
    with pytest.raises(TypeError, match="lable"):
        Lines(OrderLine, lable="x")


def test_the_stage_bar_offers_only_what_its_reader_may_do(people: People) -> None:
    made = order(people.alice)
    mine = text(as_(people.alice).get(f"/tests/order/{made.pk}/"))
    assert f'hx-post="/tests/order/{made.pk}/do/send/"' in mine and 'aria-current="step"' in mine
    assert "do/sign/" not in mine.split("</c-stages>")[0].split("<c-stages>")[1], "blocked: no address, a reason"
    assert 'aria-describedby="stage-signed"' in mine
