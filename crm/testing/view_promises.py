"""What every entity promises about queries and views: every field can be asked for, within scope and rights."""

from typing import TYPE_CHECKING, Any, cast

from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from crm.entity.columns import BoundColumn
from crm.entity.conditions.operators import Operator, operators_of
from crm.entity.query import ListQuery
from crm.fields.models import CustomKind, FieldRule, Level
from crm.kernel import registry
from crm.org.models import User
from crm.record.picklists import PicklistOption
from crm.testing import contract
from crm.testing.custom import define
from crm.testing.factory import build
from crm.views.models import SavedView

if TYPE_CHECKING:
    from crm.testing.contract import World

FRAGMENT = {"HX-Request": "true", "HX-Target": "list"}


def every_operator_of_every_field_runs_and_stays_in_scope(world: "World") -> None:
    """Custom fields of every kind too; what is empty and what is not are together all that one sees."""
    people, main = world.people, contract.home(world.entity)
    for kind in CustomKind.values:
        define(main, kind, target=main.key)
    record = world.make(people.alice)
    if contract.owned(world):
        world.make(people.charlie)
    assert record.pk in _found(world, people.alice, "")
    asked = 0
    for column in ListQuery(world.entity, QueryDict(), people.alice).terms.fields.fields.values():
        names = [operator.name for operator in operators_of(column)]
        for operator in operators_of(column):
            asked += 1
            found = _found(world, people.alice, _condition(column, operator, people.alice))
            assert found <= _found(world, people.alice, ""), (column.path, operator.name)
        if "empty" in names:
            empty, filled = (_found(world, people.alice, f"{column.path}.{name}") for name in ("empty", "filled"))
            assert empty | filled == _found(world, people.alice, "") and not empty & filled, column.path
    assert asked > 4 * len(CustomKind.values)


def a_view_comes_back_as_it_was_saved(world: "World") -> None:
    """Within the list's budget; nobody else finds it unless it is shared, and then with rows of their own."""
    alice, charlie, entity = world.people.alice, world.people.charlie, world.entity
    if contract.is_text(entity, world.name):
        world.make(alice, **contract.marked(world))
    where = "where=1.all(updated_at.period.last-7;created_at.period.today)&size=20&sort=-created_at"
    sent = {"name": "视图甲", "audience": "private"}
    assert _saved(world, alice, where, sent) == 204
    view = SavedView.objects.get()
    opened = world.get(alice, entity.url(), view=view.pk)
    assert opened.status_code == 200 and "视图甲" in contract.text(opened)
    assert _saved(world, alice, where, {**sent, "name": "视图乙"}) == 409, "the same query is not stored twice"
    with CaptureQueriesContext(connection) as queries:
        world.get(alice, entity.url(), view=view.pk)
    assert len(queries) <= contract.LIST_QUERIES, len(queries)

    assert "视图甲" not in contract.text(world.get(charlie, entity.url(), view=view.pk))
    for page in ("", "query/", "delete/"):
        assert world.as_(charlie).post(f"{entity.url('views')}{view.pk}/{page}", sent).status_code == 404, page
    SavedView.objects.update(audience="all")
    shared = contract.text(world.get(charlie, entity.url(), view=view.pk))
    assert "视图甲" in shared
    if contract.owned(world):
        assert contract.MARK not in shared
    for page in ("", "query/", "delete/"):
        assert world.as_(charlie).post(f"{entity.url('views')}{view.pk}/{page}", sent).status_code == 403, page


def a_hidden_field_cannot_be_asked_for(world: "World") -> None:
    """Neither in a query nor in a view, an order or a column; what was left out is told."""
    alice, entity = world.people.alice, world.entity
    world.make(alice)
    fields = ListQuery(entity, QueryDict(), alice).terms.fields
    hidden = next(
        column for path, column in fields.fields.items() if path in entity.fields[1:] and operators_of(column)
    )
    query = f"1.all({hidden.path}.{operators_of(hidden)[-1].name})"
    label = f'value="{hidden.path}"'
    assert label in contract.text(world.get(alice, f"{entity.url()}columns/"))
    world.as_(alice).post(f"{entity.url()}columns/", {"columns": [world.name, hidden.path]})
    view = SavedView.objects.create(
        entity=entity.key, owner=alice, name="视图", query=f"where={query}", fingerprint="x"
    )
    for role in alice.roles.all():
        FieldRule.objects.create(role=role, entity=entity.model.key(), field=hidden.path, level=Level.HIDDEN)
    for page in ("columns/", "query/"):
        assert label not in contract.text(world.get(alice, entity.url() + page)), page
    assert f'data-path="{hidden.path}"' not in contract.text(world.get(alice, entity.url()))
    for params in ({"where": query}, {"view": view.pk}):
        assert "无权查看" in contract.text(world.get(alice, entity.url(), **params)), params
    assert ListQuery(entity, QueryDict(f"sort={hidden.path}"), _again(alice)).sort == tuple(entity.order)


def _saved(world: "World", user: User, query: str, sent: dict[str, str]) -> int:
    answer = world.as_(user).post(f"{world.entity.url('views')}new/?{query}", sent, headers=FRAGMENT)
    return int(answer.status_code)


def _found(world: "World", user: User, condition: str) -> set[int]:
    """The rows that a condition finds; it has to be understood."""
    params = QueryDict(mutable=True)
    if condition:
        params["where"] = f"1.all({condition})"
    query = ListQuery(world.entity, params, _again(user))
    assert query.problems == [], (condition, query.problems)
    return set(query.matching.values_list("pk", flat=True))


def _again(user: User) -> User:
    return User.objects.get(pk=user.pk)


def _condition(column: BoundColumn, operator: Operator, alice: User) -> str:
    """A condition that a person might ask for."""
    values = {
        "none": "",
        "text": ".测试",
        "number": ".3",
        "numbers": ".-3,3",
        "day": ".2026-01-31",
        "days": ".2026-01-01,",
        "period": ".last-30",
        "yes": ".yes",
    }
    value = f".{_choice(column, alice)}" if operator.shape == "several" else values[operator.shape]
    return f"{column.path}.{operator.name}{value}"


def _choice(column: BoundColumn, alice: User) -> str:
    field = cast(Any, column.field)
    match column.kind:
        case "user":
            return "me"
        case "department":
            return "mine"
        case "choice":
            return str(field.flatchoices[0][0])
        case "record":
            return str(build(registry.for_model(field.related_model), alice).pk)  # type: ignore[arg-type]
    return str(PicklistOption.objects.get_or_create(list=field.list, label="选项0")[0].pk)


PROMISES = [
    every_operator_of_every_field_runs_and_stays_in_scope,
    a_view_comes_back_as_it_was_saved,
    a_hidden_field_cannot_be_asked_for,
]
