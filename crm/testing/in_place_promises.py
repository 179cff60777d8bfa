"""What every entity promises about statistics and about changing and looking at records in place."""

import re
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.entity.bulk_edit import PREFIX, changeable
from crm.entity.catalogue import catalogue
from crm.entity.statistics import groupable, measures
from crm.org.models import Scope
from crm.testing import contract
from crm.testing.factory import build
from crm.testing.people import all_permissions, grant

if TYPE_CHECKING:
    from crm.testing.contract import World

STATISTICS_QUERIES = PANEL_QUERIES = 12


def statistics_count_what_the_reader_may_see(world: "World") -> None:
    """Alice's numbers are hers; Charlie's are not."""
    mine = [world.make(world.people.alice) for _ in range(2)]
    if not contract.owned(world):
        return
    for user, count in ((world.people.alice, len(mine)), (world.people.carol, len(mine)), (world.people.charlie, 0)):
        page = contract.text(world.get(user, world.entity.url("statistics"), **{"stat-by": "created_at"}))
        total = re.search(r'<tfoot>.*?<td class="num">(?:<a[^>]*>)?(\d+)', page, re.DOTALL)
        assert (int(total[1]) if total else 0) == count, user


def every_groupable_field_makes_statistics(world: "World") -> None:
    """Alone, with another one, in every unit of time, of every number; what is named otherwise changes nothing."""
    world.make(world.people.alice)
    alice, path = world.people.alice, world.entity.url("statistics")
    fields = catalogue(world.entity, alice)
    for field in groupable(fields):
        for unit in ("day", "quarter"):
            choice = {"stat-by": field, "stat-then": "owner", "stat-unit": unit}
            assert world.get(alice, path, **choice).status_code == 200, choice
    for measure in measures(fields):
        assert world.get(alice, path, **{"stat-of": measure.key}).status_code == 200, measure.key
    for name in ("owner__password", "search", "id", "\x00", "x" * 5000):
        assert world.get(alice, path, **{"stat-by": name, "stat-of": f"sum.{name}"}).status_code == 200, name
    with CaptureQueriesContext(connection) as queries:
        world.get(alice, path)
    assert len(queries) <= STATISTICS_QUERIES, len(queries)


def a_field_is_changed_in_place_by_whoever_may(world: "World") -> None:
    """One field, with a line of history; nobody else leaves a trace."""
    alice, entity = world.people.alice, contract.home(world.entity)
    record = build(entity, alice)
    for column in changeable(entity, alice):
        assert world.get(alice, entity.url(f"cell/{column.path}", record.pk)).status_code == 200, column.path
    path = entity.url("cell/remarks", record.pk)
    before = contract.snapshot(record)
    if contract.owned(world):
        assert world.as_(world.people.charlie).post(path, {"remarks": "别人的"}).status_code == 404
    for name in ("owner", "number", "version", "deleted_at", "search", "x"):
        closed = entity.url(f"cell/{name}", record.pk)
        assert world.as_(alice).post(closed, {name: "1"}).status_code in (403, 404), name
    assert contract.snapshot(record) == before
    assert world.as_(alice).post(path, {"remarks": "改过的", "version": 1}).status_code == 204
    assert entity.model._base_manager.get(pk=record.pk).remarks == "改过的"
    assert contract.snapshot(record)[1] == before[1] + 1, "one line of history"
    key = entity.model.key()
    grant(world.people.seller, key, all_permissions(key) - {"change"}, Scope.OWN)
    changed = contract.snapshot(record)
    assert world.as_(alice).post(path, {"remarks": "无权", "version": 2}).status_code == 403
    assert contract.snapshot(record) == changed


def a_selection_is_changed_by_whoever_may(world: "World") -> None:
    """Every record of it, each with a line of history; without the right none."""
    alice, entity = world.people.alice, world.entity
    records = [world.make(alice) for _ in range(3)]
    sent: dict[str, Any] = {"ids": [record.pk for record in records], "bulk-field": "remarks"}
    path, typed = entity.url("bulk-edit"), {f"{PREFIX}-remarks": "一起改的"}
    assert world.get(alice, path, **sent).status_code == 200
    before = [contract.snapshot(record) for record in records]
    if contract.owned(world):
        world.as_(world.people.charlie).post(path, {**sent, **typed})
        assert [contract.snapshot(record) for record in records] == before
    assert world.as_(alice).post(path, {**sent, **typed}).status_code == 302
    assert {entity.model._base_manager.get(pk=record.pk).remarks for record in records} == {"一起改的"}
    assert [contract.snapshot(record)[1] for record in records] == [length + 1 for _row, length in before]
    key = entity.model.key()
    grant(world.people.seller, key, all_permissions(key) - {"change"}, Scope.ALL)
    changed = [contract.snapshot(record) for record in records]
    assert world.as_(alice).post(path, {**sent, f"{PREFIX}-remarks": "无权"}).status_code == 403
    assert [contract.snapshot(record) for record in records] == changed


def a_look_at_a_record_stays_in_scope_and_within_its_budget(world: "World") -> None:
    """The panel beside the list, and the places before and after it."""
    alice, entity = world.people.alice, contract.home(world.entity)
    record = build(entity, alice)
    for page in ("peek", "why", "neighbours"):
        path = entity.url(page, record.pk)
        if contract.owned(world):
            assert world.get(world.people.charlie, path).status_code == 404, page
        world.get(alice, path)
        with CaptureQueriesContext(connection) as queries:
            assert world.get(alice, path).status_code == 200, page
        assert len(queries) <= PANEL_QUERIES, (page, len(queries))
    assert str(record.number) in contract.text(world.get(alice, entity.url("peek", record.pk)))


PROMISES = [
    statistics_count_what_the_reader_may_see,
    every_groupable_field_makes_statistics,
    a_field_is_changed_in_place_by_whoever_may,
    a_selection_is_changed_by_whoever_may,
    a_look_at_a_record_stays_in_scope_and_within_its_budget,
]
