"""What every entity promises to those who look for its records in the palette."""

from typing import TYPE_CHECKING

from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.kernel import registry
from crm.org.auth import Backend
from crm.search.find import MOST, search, searchable
from crm.testing import contract

if TYPE_CHECKING:
    from crm.testing.contract import World


def the_palette_finds_a_record_for_those_who_see_it(world: "World") -> None:
    """By name and by number; nobody else learns of it."""
    people = world.people
    record = world.make(people.alice, **contract.marked(world))
    link = f'href="{contract.home(world.entity).url("detail", record.pk)}"'
    for query in (contract.MARK[:2], record.number, f"#{record.number}"):
        for user in (people.alice, people.carol, people.root):
            assert link in contract.text(world.get(user, "/search/", q=query)), (user, query)
        if contract.owned(world):
            assert link not in contract.text(world.get(people.charlie, "/search/", q=query)), query


def the_palette_costs_one_statement_for_each_entity(world: "World") -> None:
    """However many rows answer; no entity is asked twice."""
    root, home = Backend().get_user(world.people.root.pk), contract.home(world.entity)
    assert root is not None
    for count in (1, MOST + 1):
        for _ in range(count):
            world.make(world.people.alice, **contract.marked(world))
        search(root, contract.MARK)  # fills the caches
        with CaptureQueriesContext(connection) as queries:
            found = {group.entity: len(group.hits) for group in search(root, contract.MARK)}
        assert found[home] == min(count, MOST)
        assert len(queries) == len(searchable(root)) == len({entity.model for entity in registry.entities()})


PROMISES = [the_palette_finds_a_record_for_those_who_see_it, the_palette_costs_one_statement_for_each_entity]
