"""Access tokens: made by their user, shown once, and ended at once."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from crm.api import tokens
from crm.api.models import Reach, Token
from crm.kernel.dates import now
from crm.org.accounts import activate, deactivate, end_sessions
from crm.testing.api_promises import Program
from crm.testing.people import People

ME = "/api/me/"
PAGE = "/account/tokens/"


@pytest.fixture
def pages(client: Client, people: People) -> Client:
    client.force_login(people.alice, backend="crm.org.auth.Backend")
    return client


def call(key: str, path: str = ME) -> int:
    return Client(headers={"Authorization": f"Bearer {key}"}).get(path).status_code


def make(pages: Client, name: str = "官网表单", reach: str = "read") -> str:
    """A key, as the page shows it."""
    page = pages.post(PAGE, {"name": name, "reach": reach, "days": 30})
    assert page.status_code == 200
    found = re.search(r'value="(crm_[\w-]+)"', page.content.decode())
    assert found is not None
    return found[1]


def test_a_key_is_shown_once_and_kept_as_a_digest_only(pages: Client, people: People) -> None:
    key = make(pages)
    assert call(key) == 200
    assert key not in pages.get(PAGE).content.decode()
    token = Token.objects.get()
    stored = str(Token.objects.values().get())
    assert key not in stored and key[len(token.hint) :] not in stored
    assert timedelta(days=29) < token.expires_at - now() <= timedelta(days=30)


def test_a_form_sent_twice_makes_one_token(pages: Client) -> None:
    make(pages)
    assert pages.post(PAGE, {"name": "官网表单", "reach": "read", "days": 30}).status_code == 422
    assert Token.objects.count() == 1


@pytest.mark.parametrize("wrong", [{"name": ""}, {"reach": "admin"}, {"days": 100000}])
def test_the_form_takes_only_what_it_offers(pages: Client, wrong: dict[str, object]) -> None:
    answer = pages.post(PAGE, {"name": "x", "reach": "read", "days": 30, **wrong})
    assert answer.status_code == 422
    assert not Token.objects.exists()


def test_nobody_has_more_tokens_than_they_can_look_after(pages: Client, people: People) -> None:
    for number in range(tokens.MOST):
        tokens.issue(people.alice, str(number), Reach.READ, 1)
    assert pages.post(PAGE, {"name": "more", "reach": "read", "days": 30}).status_code == 422


def test_one_revokes_ones_own_tokens(pages: Client, people: People) -> None:
    key, theirs = make(pages), Program(people.charlie)
    assert pages.post(f"{PAGE}{Token.objects.get(user=people.charlie).pk}/revoke/").status_code == 404
    assert call(theirs.key) == 200
    assert pages.post(f"{PAGE}{Token.objects.get(user=people.alice).pk}/revoke/").status_code == 302
    assert call(key) == 401


def test_an_administrator_revokes_anybodys_but_makes_none(client: Client, people: People) -> None:
    key = Program(people.alice).key
    client.force_login(people.root, backend="crm.org.auth.Backend")
    assert client.get("/admin/api/token/add/").status_code == 403
    page = client.get("/admin/api/token/")
    assert page.status_code == 200 and key not in page.content.decode()
    client.post("/admin/api/token/", {"action": "revoke", "_selected_action": Token.objects.get().pk})
    assert call(key) == 401


def test_a_closed_account_has_no_tokens_even_when_it_is_opened_again(people: People) -> None:
    key = Program(people.alice).key
    deactivate(people.alice, by=people.root)
    assert call(key) == 401
    activate(people.alice)
    assert call(key) == 401
    assert not tokens.live(people.alice).exists()


def test_signing_somebody_out_everywhere_ends_their_tokens(people: People) -> None:
    key = Program(people.alice).key
    end_sessions(people.alice)
    assert call(key) == 401


def test_a_token_ends_when_its_time_is_over(people: People) -> None:
    key = Program(people.alice).key
    assert call(key) == 200
    Token.objects.update(expires_at=now())
    assert call(key) == 401


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer x", "Basic YTpi", "Bearer crm_\u00e4", "Bearer " + "x" * 9000]
)
def test_anything_else_is_no_token(people: People, header: str) -> None:
    answer = Client(headers={"Authorization": header}).get(ME)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_the_last_use_is_written_once_a_minute(people: People) -> None:
    program = Program(people.alice)
    program.get(ME)
    first = Token.objects.get().last_used_at
    with CaptureQueriesContext(connection) as queries:
        program.get(ME)
    assert not [query for query in queries if query["sql"].startswith("UPDATE")]
    Token.objects.update(last_used_at=now() - timedelta(minutes=2))
    program.get(ME)
    last = Token.objects.get().last_used_at
    assert first and last and last >= first


def test_too_many_calls_wait(people: People, settings: Settings) -> None:
    settings.API_CALLS_PER_MINUTE = 3
    program, other = Program(people.alice), Program(people.bob)
    codes = [program.get(ME).status_code for _ in range(8)]
    # Two windows may meet here, so that up to six calls pass.
    assert codes.count(429) >= 2 and codes[:3] == [200, 200, 200]
    answer = program.get(ME)
    assert 0 < int(answer.headers["Retry-After"]) <= 60 and answer.json()["detail"]
    assert other.get(ME).status_code == 200


def test_calls_go_on_without_a_cache(people: People, settings: Settings) -> None:
    program = Program(people.alice)
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://localhost:1/0"}
    }
    assert program.get(ME).status_code == 200


def test_a_cookie_opens_no_data_and_no_session_is_made(pages: Client, people: People) -> None:
    assert pages.get("/api/customers/customer/").status_code == 401
    assert pages.post("/api/customers/customer/", {}).status_code == 401
    assert pages.get("/api/schema/").status_code == 200
    answer = Program(people.alice).get(ME)
    assert not answer.cookies
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_what_went_wrong_is_told_in_the_callers_language(people: People) -> None:
    program = Program(people.alice)
    chinese = program.get("/api/customers/customer/", size=0).json()["errors"]["size"][0]
    assert "整数" in chinese
    english = program.client.get("/api/customers/customer/?size=0", headers={"Accept-Language": "en"})
    assert "whole number" in english.json()["errors"]["size"][0]


@pytest.mark.parametrize("path", ["/api/", "/api/nothing/", "/api/nothing/at/all/", "/api/customers/nothing/"])
def test_unknown_addresses_are_problems(people: People, path: str) -> None:
    assert call("none", path) == 401
    answer = Program(people.alice).get(path)
    assert (answer.status_code, answer.json()["status"]) == (404, 404)


def test_a_method_that_is_not_taken_says_which_are(people: People) -> None:
    answer = Program(people.alice).client.put("/api/customers/customer/", {}, content_type="application/json")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST, HEAD")


def test_a_key_of_another_request_is_refused(people: People) -> None:
    program, key = Program(people.alice), str(uuid4())
    first = program.post("/api/customers/customer/", {"name": "上海一号"}, key)
    assert first.status_code == 201
    assert program.post("/api/customers/pool/", {"name": "上海一号"}, key).status_code == 422
    assert program.post("/api/customers/customer/", {"name": "上海二号"}, "no-uuid").status_code == 422


def test_the_pages_open(pages: Client) -> None:
    docs = pages.get("/api/docs/")
    assert docs.status_code == 200
    assert "/api/customers/customer/{pk}/do/claim/" in docs.content.decode()
    assert pages.get(PAGE).status_code == 200
