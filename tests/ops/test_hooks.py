"""What tests from outside ask for: entities, routes, a world, fail points."""

import json
import os
import subprocess
import sys
from io import StringIO
from typing import Any

import pytest
from django.conf import settings as project
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from crm.kernel import failpoints, registry
from crm.ops.middleware import FailPoints
from crm.ops.routes import routes
from crm.org.models import User
from crm.record.models import Change
from crm.testing.api_promises import Program
from crm.testing.factory import build
from crm.testing.people import People
from crm.web.middleware import PUBLIC
from customers.models import Customer

MIDDLEWARE = "crm.ops.middleware.FailPoints"


def printed(command: str) -> Any:
    """What a command prints as JSON."""
    out = StringIO()
    call_command(command, "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.mark.django_db
def test_every_entity_is_listed_in_both_languages() -> None:
    found = {one["key"]: one for one in printed("list_entities")}
    assert set(found) == set(registry.keys())
    customer = found["customers.customer"]
    assert customer["labels"]["one"] == {"zh-hans": "客户", "en": "Customer"}
    assert customer["urls"]["api"] == "/api/customers/customer/"
    fields = {field["name"]: field for field in customer["fields"]}
    assert (fields["name"]["type"], fields["name"]["required"]) == ("text", True)
    assert [choice["value"] for choice in fields["customer_class"]["choices"]] == ["A", "B", "C", "D"]
    assert {"claim", "transfer", "delete"} <= {action["name"] for action in customer["actions"]}


def test_every_route_is_listed_with_a_sample(people: People) -> None:
    for entity in registry.entities():
        build(entity, people.alice)
    found = routes()
    assert [route.name for route in found if not route.path] == []
    assert {route.name for route in found if route.public} == PUBLIC
    edit = next(route for route in found if route.name == "edit" and route.kwargs["name"] == "customer")
    assert edit.permission == "customers.customer.change"
    assert Client().get(edit.path).status_code == 302
    claim = next(r for r in found if r.name == "api:do" and r.kwargs["action"] == "claim")
    assert (claim.methods, claim.permission) == (["POST"], "customers.customer.claim")
    assert len(printed("list_routes")) == len(found)


@pytest.mark.django_db
def test_the_world_is_made_once() -> None:
    first = printed("seed_security_world")
    counts = (User.objects.count(), Customer._base_manager.count(), Change.objects.count())
    assert printed("seed_security_world") == first
    assert (User.objects.count(), Customer._base_manager.count(), Change.objects.count()) == counts
    assert set(first["records"]["B1"]) == set(registry.keys())
    theirs = str(Customer._base_manager.get(pk=first["records"]["B1"]["customers.customer"]))
    assert first["mark"] in theirs


@pytest.mark.django_db
def test_the_world_is_not_made_in_production(settings: Settings) -> None:
    settings.HTTPS = True
    with pytest.raises(CommandError):
        printed("seed_security_world")
    assert not User.objects.exists()


# -- fail points


@pytest.fixture
def customer(people: People) -> Customer:
    return build(registry.get("customers.pool"), people.alice)  # type: ignore[return-value]


def claim(people: People, customer: Customer, point: str) -> int:
    program = Program(people.alice)
    program.client.defaults["HTTP_X_FAILPOINT"] = point
    return int(program.post(f"/api/customers/customer/{customer.pk}/do/claim/").status_code)


def test_a_fail_point_is_inert_without_its_middleware(people: People, customer: Customer) -> None:
    assert not project.TEST_FAILPOINTS and MIDDLEWARE not in project.MIDDLEWARE
    assert claim(people, customer, "raise-before-commit") == 200


def test_a_failure_before_the_commit_leaves_nothing(people: People, customer: Customer, settings: Settings) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, MIDDLEWARE]
    with pytest.raises(failpoints.Failed):
        claim(people, customer, "raise-before-commit")
    customer.refresh_from_db()
    assert customer.owner is None and customer.version == 1
    assert claim(people, customer, "nonsense") == 200


def test_fail_points_end_with_their_request() -> None:
    seen = []
    middleware = FailPoints(lambda request: seen.append(failpoints.is_on("skip-locking")))  # type: ignore[arg-type, return-value, func-returns-value]
    for header in ("skip-locking, sleep-after-check", ""):
        middleware(type("Request", (), {"headers": {"X-Failpoint": header}})())
    assert seen == [True, False]
    assert not failpoints.is_on("skip-locking")


@pytest.mark.parametrize(
    ("environment", "there"), [({}, False), ({"HTTPS": "1", "SECRET_KEY": "x" * 60}, False), (None, True)]
)
def test_fail_points_are_not_there_in_production(environment: dict[str, str] | None, there: bool) -> None:
    more = {"TEST_FAILPOINTS": "1", **(environment or {})} if environment != {} else {}
    code = "from crm import settings; print('crm.ops.middleware.FailPoints' in settings.MIDDLEWARE)"
    known = {name: value for name, value in os.environ.items() if name not in ("HTTPS", "TEST_FAILPOINTS")}
    told = subprocess.run([sys.executable, "-c", code], env=known | more, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == str(there)
