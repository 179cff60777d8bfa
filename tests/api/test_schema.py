"""Machine-made calls of everything that the description names: no failure of ours, and answers are as described."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from crm.api.schema import describe
from crm.entity.declare import Entity
from crm.kernel import registry
from crm.testing.api_promises import Program
from crm.testing.factory import build
from crm.testing.people import People

# A rule may refuse what the description allows, so that good data is not always taken.
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]
EXAMPLES = 3  # for each call, of good and of bad data


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """Calls come through the server's own door, but within the test's transaction."""
    for moment in (request_started, request_finished):
        moment.disconnect(close_old_connections)
    yield
    for moment in (request_started, request_finished):
        moment.connect(close_old_connections)


@pytest.mark.slow
@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)
@pytest.mark.parametrize("entity", registry.entities(), ids=lambda entity: entity.key)
def test_calls_are_answered_as_described(people: People, entity: Entity, mode: GenerationMode) -> None:
    record = build(entity, people.alice)
    key = Program(people.alice).key
    headers = {"Authorization": f"Bearer {key}", "Accept-Encoding": "identity"}
    schema: Any = schemathesis.openapi.from_wsgi("/api/schema/", WSGIHandler(), headers=headers)
    mine = [found.ok() for found in schema.get_all_operations()]
    tried = [operation for operation in mine if operation.tags == [entity.key]]
    assert len(tried) >= 5 + len(entity.actions)
    for operation in tried:
        known = {"path_parameters": {"pk": record.pk}} if set(names(operation)) == {"pk"} else {}
        call(operation, mode, known if mode is GenerationMode.POSITIVE else {}, headers)


def call(operation: Any, mode: GenerationMode, known: dict[str, Any], headers: dict[str, str]) -> None:
    """Some calls of one operation, each undone afterwards."""

    @seed(1)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode, **known))
    def one(case: Any) -> None:
        with transaction.atomic():
            answer = case.call(headers=headers)
            transaction.set_rollback(True)
        case.validate_response(answer, checks=CHECKS, headers=headers)

    one()


def names(operation: Any) -> list[str]:
    """The variable parts of an operation's address."""
    return [parameter.name for parameter in operation.path_parameters]


def test_the_description_holds_what_its_reader_may_do(people: People) -> None:
    for user in (people.alice, people.root):
        spec = describe(user)
        assert spec["openapi"] == "3.1.0"
        assert {tag["name"] for tag in spec["tags"]} == {entity.key for entity in registry.entities()}
    people.seller.grants.all().delete()
    people.alice.refresh_from_db()
    assert describe(people.alice)["tags"] == []
