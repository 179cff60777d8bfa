"""Every route of the product, tried by those who must not get through. What is refused changes nothing."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from crm.api.models import Reach
from crm.kernel import registry
from crm.ops.routes import Route, routes
from crm.org.accounts import activate, deactivate
from crm.org.models import User
from crm.testing.api_promises import Program
from crm.web.middleware import PUBLIC
from tests.security.conftest import snapshot

SignIn = Callable[[str], Client]
MISSING = 999_999_999
JSON = "application/json"


def of_records(seeded: dict[str, Any], owner: str) -> Iterator[tuple[Route, dict[str, Any], str]]:
    """Every route with a record in it, with this owner's record of its entity; also the address."""

    for route in routes():
        key = f"{route.kwargs.get('app')}.{route.kwargs.get('name')}"
        if "pk" not in route.kwargs or key not in seeded["records"][owner]:
            continue
        if re.search(r"import|export|recycle|views?/", route.pattern):
            continue
        kwargs = {**route.kwargs, "pk": seeded["records"][owner][key]}
        if "file" in kwargs:
            kwargs["file"] = seeded["files"][owner][key]
        yield route, kwargs, reverse(route.name, kwargs=kwargs)


def owned(route: Route) -> bool:
    """Whether the records of the route's list belong to somebody."""
    entity = registry.get(f"{route.kwargs['app']}.{route.kwargs['name']}")
    return entity.part != "pool"


def test_strangers_get_nothing_from_any_route(seeded: dict[str, Any]) -> None:
    before, client = snapshot(), Client()
    opened = []
    for route in routes():
        for method in ("get", "post"):
            answer = getattr(client, method)(route.path)
            body = b"" if answer.streaming else answer.content
            assert answer.status_code < 500, (method, route.path)
            assert seeded["mark"].encode() not in body, route.path
            if answer.status_code == 200 and route.name not in PUBLIC:
                opened.append((method, route.path))
            elif answer.status_code == 302 and route.name not in PUBLIC:
                assert answer.headers["Location"].startswith(("/sign-in/", "/admin/login/")), route.path
    # The address that the admin site redirects to says only that it is for administrators.
    assert [path for _method, path in opened if not path.startswith("/admin/")] == []
    assert changed(before) == []


def test_somebody_elses_record_is_absent_from_every_route(seeded: dict[str, Any], signed_in: SignIn) -> None:
    client, program = signed_in("A1"), Program(User.objects.get(username="w-a1"), Reach.WRITE.value)
    before = snapshot()
    tried = 0
    for route, _kwargs, path in of_records(seeded, "B1"):
        if not owned(route):
            continue
        caller = program.client if route.name.startswith("api:") else client
        for method in {method.lower() for method in route.methods} - {"head"}:
            answer = (
                getattr(caller, method)(path, content_type=JSON)
                if method not in ("get", "post")
                else getattr(caller, method)(path)
            )
            # Who says nothing useful hears so first, the same for every record.
            assert answer.status_code in (404, 405, 415, 422, 400), (method, path, answer.status_code)
            assert seeded["mark"].encode() not in (b"" if answer.streaming else answer.content), path
            tried += 1
    assert tried > 60
    assert changed(before) == []


def test_what_is_not_theirs_looks_like_what_does_not_exist(seeded: dict[str, Any], signed_in: SignIn) -> None:

    client = signed_in("A1")
    for route, kwargs, path in of_records(seeded, "B1"):
        if owned(route) and "GET" in route.methods and not route.name.startswith("api:"):
            missing = reverse(route.name, kwargs={**kwargs, "pk": MISSING})
            theirs, nothing = client.get(path), client.get(missing)
            assert theirs.status_code == nothing.status_code == 404, path
            assert plain(theirs, path) == plain(nothing, missing), path


def test_without_a_role_every_module_is_closed(seeded: dict[str, Any], signed_in: SignIn) -> None:
    client, before = signed_in("F1"), snapshot()
    for route in routes():
        if route.permission and not route.name.startswith("api:"):
            for method in ("get", "post"):
                answer = getattr(client, method)(route.path)
                allowed = (302, 403, 404, 405) if route.permission == "staff" else (403, 404, 405)
                assert answer.status_code in allowed, (method, route.path, answer.status_code)
    assert changed(before) == []


def test_a_post_without_the_sites_own_token_changes_nothing(seeded: dict[str, Any]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(username="w-adm"), backend="crm.org.auth.Backend")
    before, posted = snapshot(), 0
    for route in routes():
        if "POST" in route.methods and not route.name.startswith("api:"):
            for sent in ({}, {"csrfmiddlewaretoken": "x" * 64}):
                answer = client.post(route.path, sent)
                assert answer.status_code == 403, (route.path, answer.status_code)
            assert client.post(route.path, "{}", content_type="text/plain").status_code == 403, route.path
            posted += 1
    assert posted > 20
    assert changed(before) == []


def test_reading_changes_nothing(seeded: dict[str, Any], signed_in: SignIn) -> None:
    client, before = signed_in("ADM"), snapshot()
    for route in routes():
        if route.name not in ("sign-out", "logout", "admin:logout"):
            answer = client.get(route.path)
            assert answer.status_code < 500, route.path
    assert changed(before) == []


def test_a_closed_account_gets_nothing_more(seeded: dict[str, Any], signed_in: SignIn) -> None:
    user, boss = User.objects.get(username="w-ex"), User.objects.get(username="w-adm")
    client, program = signed_in("EX"), Program(user)
    assert client.get("/customers/customer/").status_code == 200
    deactivate(user, by=boss)
    for path in ("/customers/customer/", "/account/", "/messages/"):
        assert client.get(path).headers["Location"].startswith("/sign-in/"), path
    assert client.get("/customers/customer/", headers={"HX-Request": "true"}).status_code == 401
    assert program.get("/api/customers/customer/").status_code == 401
    client.post("/account/", {"form": "preferences", "is_active": "1", "language": "en"})
    user.refresh_from_db()
    assert not user.is_active
    activate(user)
    assert client.get("/account/").status_code == 302
    assert program.get("/api/me/").status_code == 401


@pytest.mark.parametrize(
    "path", ["/.env", "/.git/HEAD", "/media/x", "/static/../crm/settings.py", "/__debug__/", "/backups/"]
)
def test_what_lies_beside_the_product_is_not_served(seeded: dict[str, Any], signed_in: SignIn, path: str) -> None:
    assert signed_in("ADM").get(path, follow=True).status_code == 404
    assert signed_in("ADM").get("/?debug=1").status_code in (200, 302)


def test_trace_is_not_answered(seeded: dict[str, Any], signed_in: SignIn) -> None:
    client = signed_in("A1")
    for path in ("/customers/customer/", "/api/me/", "/account/"):
        answer = client.trace(path, headers={"X-Secret": "s3cret"})
        assert b"s3cret" not in answer.content


# -- what the tests are told with


def changed(before: dict[str, Any]) -> list[str]:
    """The tables that are not as they were."""
    after = snapshot()
    return [name for name in before if before[name] != after[name]]


def plain(answer: Any, path: str) -> str:
    """The body without what names the address itself or differs each time."""
    body = answer.content.decode().replace(path, "")
    return re.sub(r'value="[\w]{64}"|"X-CSRFToken": ?"[^"]+"|csrfToken[^,]+|\d{6,}', "", body)
