"""Strange input at every list, form and call: never a failure of ours, never more than one may see."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

from crm.kernel import registry
from crm.ops.routes import routes
from crm.org.models import User
from crm.testing.api_promises import Program, list_path, new_body
from crm.testing.factory import as_typed, build, fill

SignIn = Callable[[str], Client]
STRANGE = (
    "'",
    '"',
    "\\",
    "\x00",
    "\udcff",
    "x" * 10_000,
    "😀",
    "-1",
    "1" + "0" * 12,
    "１２３",
    "';SELECT pg_sleep(3)--",
    "NaN",
)
ORACLES = (
    "owner__password__startswith",
    "owner__email__contains",
    "created_by__is_superuser",
    "_connector",
    "_negated",
    "__class__",
    "pk__in",
    "owner__api_tokens__digest__startswith",
)
XSS = (
    "<script>m()</script>",
    '"><img src=x onerror=m()>',
    "'-m()-'",
    "</title><svg onload=m()>",
    "{{7*7}}",
    "${7*7}",
    "javascript:m()",
)


@pytest.mark.parametrize("entity", registry.entities(), ids=lambda entity: entity.key)
def test_no_value_of_any_parameter_breaks_a_list(seeded: dict[str, Any], signed_in: SignIn, entity: Any) -> None:
    client, program = signed_in("A1"), Program(User.objects.get(username="w-a1"))
    names = ["q", "sort", "page", "size", "view", "a[]", *entity.filters, *(f"{name}_min" for name in entity.filters)]
    for value in STRANGE:
        asked = dict.fromkeys(names, value.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
        assert client.get(entity.url(), asked).status_code in (200, 400, 422), value[:20]
        assert program.get(list_path(entity), **asked).status_code in (400, 422), value[:20]


@pytest.mark.parametrize("entity", registry.entities(), ids=lambda entity: entity.key)
def test_no_lookup_of_the_database_can_be_asked_for(seeded: dict[str, Any], signed_in: SignIn, entity: Any) -> None:
    client, program = signed_in("A1"), Program(User.objects.get(username="w-a1"))
    every = ids(client.get(entity.url()))
    for name in ORACLES:
        page = client.get(entity.url(), {name: "1"})
        assert page.status_code == 200 and ids(page) == every, name
        assert client.get(entity.url(), {"sort": name}).status_code == 200
        assert program.get(list_path(entity), **{name: "1"}).status_code == 422, name
        assert program.get(list_path(entity), sort=name).status_code == 422, name


@pytest.mark.parametrize("entity", registry.entities(), ids=lambda entity: entity.key)
def test_no_field_beyond_the_form_can_be_set(seeded: dict[str, Any], entity: Any) -> None:
    user = User.objects.get(username="w-a1")
    program, body = Program(user), new_body(entity, user)
    for name in (
        "owner_id",
        "department",
        "pool",
        "pool_state",
        "created_by",
        "version",
        "number",
        "deleted_at",
        "id",
        "is_staff",
        "search",
    ):
        answer = program.post(list_path(entity), {**body, name: 1})
        assert answer.status_code == 422 and name in answer.json()["errors"], name


@pytest.mark.parametrize("payload", XSS)
def test_markup_stays_text_on_every_page(seeded: dict[str, Any], signed_in: SignIn, payload: str) -> None:
    user, client = User.objects.get(username="w-a1"), signed_in("A1")
    for entity in registry.entities():
        name = entity.model.name_field
        record = build(entity, user, **{name: payload})
        home = registry.for_model(entity.model)
        for path in (
            entity.url(),
            home.url("detail", record.pk),
            home.url("edit", record.pk),
            f"{entity.url('options')}?q=",
        ):
            answer = client.get(path)
            if "html" in answer.headers["Content-Type"]:
                page = Markup()
                page.feed(answer.content.decode())
                assert page.strange == [], (path, page.strange)
            assert (
                b"49" not in answer.content
                or payload not in ("{{7*7}}", "${7*7}")
                or payload.encode() in answer.content
            )


@pytest.mark.parametrize("entity", registry.entities(), ids=lambda entity: entity.key)
def test_no_text_of_a_form_breaks_the_server(seeded: dict[str, Any], signed_in: SignIn, entity: Any) -> None:
    user, client = User.objects.get(username="w-a1"), signed_in("A1")
    good = as_typed(entity, fill(entity, user))
    for value in STRANGE:
        typed = dict.fromkeys(good, value.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
        for sent in (typed, {**typed, entity.model.parent_field: good.get(entity.model.parent_field, "")}):
            assert client.post(entity.url("new"), {**good, **sent}).status_code in (302, 400, 422), value[:20]


def test_nothing_about_accounts_leaks(seeded: dict[str, Any]) -> None:
    user = User.objects.get(username="w-b1")
    program = Program(User.objects.get(username="w-a1"))
    paths = ["/api/me/", "/api/schema/", *(list_path(entity) for entity in registry.entities())]
    for path in paths:
        text = program.get(path).content.decode()
        assert user.password not in text and "argon2" not in text and "md5$" not in text
        assert "digest" not in text and "session_epoch" not in text, path


def test_every_page_bears_the_headers(seeded: dict[str, Any], signed_in: SignIn) -> None:
    client = signed_in("ADM")
    for route in routes():
        if (
            "GET" not in route.methods
            or route.name.startswith("admin:")
            or route.name in ("sign-out", "healthz", "readyz")
        ):
            continue
        answer = client.get(route.path)
        policy = answer.headers.get("Content-Security-Policy", "")
        assert "unsafe" not in policy and ("object-src 'none'" in policy or "sandbox" in policy), route.path
        assert answer.headers["X-Content-Type-Options"] == "nosniff", route.path
        assert answer.headers["Referrer-Policy"] == "same-origin", route.path
        assert "no-store" in answer.headers.get("Cache-Control", "no-store"), route.path


@pytest.mark.parametrize(
    "target",
    [
        "//evil.cn",
        "https:evil.cn",
        "/\\evil.cn",
        "https://own@evil.cn",
        "/%09/evil.cn",
        "javascript:alert(1)",
        "///evil.cn",
        "/%0d%0aSet-Cookie:x",
    ],
)
def test_signing_in_leads_to_our_own_pages_only(seeded: dict[str, Any], target: str) -> None:
    sent = {"username": "w-a1", "password": seeded["password"], "next": target}
    answer = Client().post("/sign-in/", sent)
    where = answer.headers["Location"]
    assert answer.status_code == 302 and where.startswith("/") and not where.startswith(("//", "/\\")), where
    assert "x" not in answer.cookies


class Markup(HTMLParser):
    """Looks for elements and attributes that only a payload could have made."""

    def __init__(self) -> None:
        super().__init__()
        self.strange: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if (tag == "script" and not dict(attrs).get("src")) or dict(attrs).get("src") == "x":
            self.strange.append(tag)
        for name, value in attrs:
            if name.startswith("on") or (
                name in ("href", "src", "action") and (value or "").strip().lower().startswith("javascript:")
            ):
                self.strange.append(f"{tag}[{name}]")


def ids(page: Any) -> set[str]:
    """The records that a list shows."""
    return set(re.findall(r'data-pk="(\d+)"|href="[^"]*/(\d+)/"', page.content.decode()))  # type: ignore[arg-type]
