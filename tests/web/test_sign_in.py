"""Signing in, staying signed in, and who gets in without."""

import re
import time
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver

from crm.org.accounts import deactivate
from crm.testing.people import PASSWORD, People
from crm.web import sessions
from crm.web.middleware import PUBLIC

LIST = "/customers/customer/"


def sign_in(client: Client, username: str = "alice", password: str = PASSWORD, **more: str) -> Any:
    return client.post("/sign-in/", {"username": username, "password": password, **more})


def test_signing_in_leads_to_the_page_that_was_asked_for(client: Client, people: People) -> None:
    asked = client.get(f"{LIST}?q=腾达")
    assert asked.status_code == 302
    address = asked["Location"]

    answer = client.post(address, {"username": "alice", "password": PASSWORD, "next": f"{LIST}?q=腾达"})

    assert answer.status_code == 302
    assert unquote(answer["Location"]) == f"{LIST}?q=腾达"
    assert client.get(LIST).status_code == 200


@pytest.mark.parametrize(
    "target",
    [
        "//evil.cn",
        "https:evil.cn",
        "/\\evil.cn",
        "https://own@evil.cn",
        "javascript:alert(1)",
        "///evil.cn",
        "/\r\nSet-Cookie:x",
    ],
)
def test_signing_in_never_leads_to_another_site(client: Client, people: People, target: str) -> None:
    answer = sign_in(client, next=target)
    assert urlsplit(answer["Location"])[:2] == ("", "")
    assert answer["Location"].lstrip("/") == answer["Location"][1:]
    assert "\n" not in answer["Location"]


def test_the_answer_does_not_tell_which_users_exist(client: Client, people: People) -> None:
    deactivate(people.bob, people.root)
    wrong = sign_in(client, "alice", "wrong")
    unknown = sign_in(client, "nobody", "wrong")
    closed = sign_in(client, "bob", PASSWORD)

    assert {answer.status_code for answer in (wrong, unknown, closed)} == {422}
    changing = r'\b\w{64}\b|(?<=name="username" value=")\w+'
    assert len({re.sub(changing, "", answer.content.decode()) for answer in (wrong, unknown, closed)}) == 1


def test_signing_in_changes_the_session_id_and_signing_out_ends_it(client: Client, people: People) -> None:
    client.cookies["sessionid"] = "planted-by-somebody-else"
    sign_in(client)
    mine = client.cookies["sessionid"].value
    assert mine != "planted-by-somebody-else"

    assert client.get("/sign-out/").status_code == 405
    assert client.get(LIST).status_code == 200
    client.post("/sign-out/")
    client.cookies["sessionid"] = mine
    assert client.get(LIST).status_code == 302


def test_too_many_wrong_passwords_lock_the_user_out_for_a_while(client: Client, people: People) -> None:
    for _ in range(5):
        locked = sign_in(client, "alice", "wrong")
    assert locked.status_code == 429
    assert locked["Retry-After"] == "900"
    assert "15 分钟" in locked.content.decode()
    assert sign_in(client).status_code == 429
    assert sign_in(client, "bob").status_code == 302


def test_a_forged_sign_in_is_refused(people: People) -> None:
    answer = sign_in(Client(enforce_csrf_checks=True))
    assert answer.status_code == 403


def routes(patterns: Any = None, prefix: str = "") -> list[tuple[str, str]]:
    """(path with sample values, name) of every route."""
    found = []
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found += routes(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            found.append(("/" + sample(path), pattern.name or ""))
    return found


def sample(path: str) -> str:
    path = path.replace("<slug:app>/<slug:name>", "customers/customer")
    path = re.sub(r"<path:\w+>|<int:\w+>", "1", path)
    path = re.sub(r"<(\w+:)?\w+>|\(\?P<\w+>[^)]*\)", "x", path)
    return re.sub(r"[\^$\\]", "", path)


@pytest.mark.parametrize(("path", "name"), routes())
def test_every_page_but_the_public_ones_asks_visitors_to_sign_in(
    db: None, client: Client, path: str, name: str
) -> None:
    for answer in (client.get(path), client.post(path)):
        if name in PUBLIC:
            assert answer.status_code != 404
        elif path.startswith("/api/") and name != "docs":
            assert answer.status_code == 401, path
        else:
            assert answer.status_code == 302, path
            assert answer["Location"].startswith("/sign-in/?next=")


def test_a_piece_of_a_page_sends_the_browser_to_sign_in_and_back_to_the_page(client: Client, db: None) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{LIST}?q=a&page=2"}
    answer = client.get("/customers/customer/1/menu/", headers=headers)
    assert answer.status_code == 401
    assert answer["HX-Redirect"] == "/sign-in/?next=%2Fcustomers%2Fcustomer%2F%3Fq%3Da%26page%3D2"


def test_programs_get_a_plain_401(client: Client, db: None) -> None:
    answer = client.get("/customers/customer/options/", headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert answer.json() == {"error": "请先登录。"}


@pytest.mark.parametrize(("seconds", "over"), [(8 * 3600 - 60, False), (8 * 3600 + 60, True)])
def test_a_session_without_requests_ends_after_eight_hours(
    client: Client, people: People, monkeypatch: pytest.MonkeyPatch, seconds: int, over: bool
) -> None:
    sign_in(client)
    now = int(time.time())
    monkeypatch.setattr(sessions, "_now", lambda: now + seconds)
    assert (client.get(LIST).status_code == 302) is over


def test_a_session_in_use_ends_after_seven_days(
    client: Client, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(client)
    now = int(time.time())
    statuses = []
    for hours in range(7, 7 * 24 + 8, 7):
        monkeypatch.setattr(sessions, "_now", lambda later=hours: now + later * 3600)
        statuses.append(client.get("/account/").status_code)
    assert statuses == [200] * 24 + [302]


def test_a_request_writes_the_session_at_most_every_ten_minutes(
    client: Client, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(client)
    now = int(time.time())
    writes = []
    for minute in (1, 9, 11, 12, 22):
        monkeypatch.setattr(sessions, "_now", lambda later=minute: now + later * 60)
        with CaptureQueriesContext(connection) as seen:
            client.get("/account/")
        writes.append(
            sum(Session._meta.db_table in q["sql"] and q["sql"].startswith("UPDATE") for q in seen.captured_queries)
        )
    assert writes == [0, 0, 1, 0, 1]


def test_a_changed_password_ends_the_other_sessions(client: Client, people: People) -> None:
    elsewhere = Client()
    for one in (client, elsewhere):
        sign_in(one)
    new = "纸短情长 Paper 2026"
    form = {"form": "password", "old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert client.post("/account/", form).status_code == 302
    assert client.get(LIST).status_code == 200
    assert elsewhere.get(LIST).status_code == 302
