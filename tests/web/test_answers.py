"""What surrounds every page: headers, language, refusals, preferences."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path
from psycopg import errors as postgres

from crm.kernel.errors import Denied, Invalid, Refused, Stale
from crm.testing.people import People

LIST = "/customers/customer/"


@pytest.fixture
def alice(client: Client, people: People) -> Client:
    client.force_login(people.alice, backend="crm.org.auth.Backend")
    return client


def failing(error: Exception, cause: Exception | None = None) -> Callable[[HttpRequest], HttpResponse]:
    def view(request: HttpRequest) -> HttpResponse:
        raise error from cause

    return view


urlpatterns = [
    path("refused/", failing(Refused("先完成计划中的跟进。"))),
    path("denied/", failing(Denied("你的角色没有此权限。"))),
    path("stale/", failing(Stale("记录已被修改。"))),
    path("invalid/", failing(Invalid({"name": ["太长"]}))),
    path("locked/", failing(OperationalError("lock"), postgres.LockNotAvailable())),
    path("slow/", failing(OperationalError("timeout"), postgres.QueryCanceled())),
    path("", include("crm.urls")),
]
STATUS = {"refused": 409, "denied": 403, "stale": 409, "invalid": 400, "locked": 409, "slow": 503}


@pytest.mark.parametrize(("page", "status"), STATUS.items())
@override_settings(ROOT_URLCONF="tests.web.test_answers")
def test_a_refusal_has_its_status_and_its_sentence(alice: Client, page: str, status: int) -> None:
    whole = alice.get(f"/{page}/")
    assert whole.status_code == status
    assert "<h1>" in whole.content.decode()

    piece = alice.get(f"/{page}/", headers={"HX-Request": "true"})
    assert piece.status_code == status
    assert piece["HX-Reswap"] == "none"
    assert piece.content == b""
    said = json.loads(piece["HX-Trigger"])["toast"]
    assert said["kind"] == "danger"
    assert said["text"] in whole.content.decode()

    program = alice.get(f"/{page}/", headers={"Accept": "application/json"})
    assert program.status_code == status
    assert program.json()["error"] == said["text"]


@override_settings(ROOT_URLCONF="tests.web.test_answers")
def test_a_refusal_says_in_ascii_what_the_page_shows_in_chinese(alice: Client) -> None:
    answer = alice.get("/refused/", headers={"HX-Request": "true"})
    assert answer["HX-Trigger"].isascii()
    assert json.loads(answer["HX-Trigger"])["toast"]["text"] == "先完成计划中的跟进。"


@override_settings(ROOT_URLCONF="tests.web.test_answers")
def test_programs_learn_which_field_is_wrong(alice: Client) -> None:
    assert alice.get("/invalid/", headers={"Accept": "application/json"}).json()["errors"] == {"name": ["太长"]}


def test_what_does_not_exist_looks_like_what_is_out_of_sight(alice: Client) -> None:
    answer = alice.get("/customers/customer/999999/menu/")
    assert answer.status_code == 404
    assert "不存在" in answer.content.decode()
    assert alice.get("/nothing/at-all/").status_code == 404


def test_pages_are_kept_out_of_caches_and_run_no_foreign_script(alice: Client) -> None:
    answer = alice.get(LIST)
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    policy = {d.split()[0]: d.split()[1:] for d in answer["Content-Security-Policy"].split("; ")}
    assert policy["script-src"] == policy["style-src"] == ["'self'"]
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == ["'none'"]


@pytest.mark.parametrize(("page"), ["/sign-in/", LIST, "/account/", "/nothing/"])
def test_no_page_carries_inline_script_or_style(alice: Client, page: str) -> None:
    if page == "/sign-in/":
        alice.logout()
    html = alice.get(page).content.decode()
    assert "<style" not in html
    assert " style=" not in html
    assert " onclick=" not in html
    assert html.count("<script") == html.count("<script src=")


def test_the_language_is_the_users_choice(alice: Client, people: People) -> None:
    chinese = alice.get(LIST, headers={"Accept-Language": "en"})
    assert '<html lang="zh-CN"' in chinese.content.decode()

    alice.post("/account/preference/", {"language": "en", "next": LIST})

    people.alice.refresh_from_db()
    assert people.alice.language == "en"
    english = alice.get(LIST, headers={"Accept-Language": "zh-CN"})
    assert '<html lang="en"' in english.content.decode()
    assert english["Content-Language"] == "en"


def test_visitors_choose_the_language_before_they_sign_in(client: Client, db: None) -> None:
    assert "登录" in client.get("/sign-in/").content.decode()
    answer = client.post("/account/preference/", {"language": "en", "next": "/sign-in/"})
    assert answer["Location"] == "/sign-in/"
    assert "Sign in" in client.get("/sign-in/").content.decode()


@pytest.mark.parametrize(
    ("sent", "attribute"),
    [
        ("theme=dark", 'data-bs-theme="dark"'),
        ("density=compact", 'data-density="compact"'),
        ("keys=off", 'data-keys="off"'),
    ],
)
def test_preferences_show_on_the_page(alice: Client, sent: str, attribute: str) -> None:
    assert attribute not in alice.get(LIST).content.decode()
    alice.post("/account/preference/", dict([sent.split("=")]))
    assert attribute in alice.get(LIST).content.decode()


@pytest.mark.parametrize("sent", [{"theme": "pink"}, {"language": "xx"}, {"density": "<b>"}])
def test_unknown_preferences_are_refused(alice: Client, sent: dict[str, str]) -> None:
    assert alice.post("/account/preference/", sent).status_code == 400


def test_a_preference_leads_back_to_our_own_pages_only(alice: Client) -> None:
    answer = alice.post("/account/preference/", {"theme": "dark", "next": "https://evil.cn/"})
    assert answer["Location"] == "/"


def test_the_account_page_keeps_preferences_and_shows_errors_of_the_password(alice: Client, people: People) -> None:
    form = {"form": "preferences", "language": "en", "theme": "dark", "density": "roomy", "keys": "off"}
    assert alice.post("/account/", form).status_code == 302
    people.alice.refresh_from_db()
    assert (people.alice.language, people.alice.theme) == ("en", "dark")
    html = alice.get("/account/").content.decode()
    assert 'data-density="roomy"' in html
    assert 'data-keys="off"' in html

    wrong = alice.post(
        "/account/", {"form": "password", "old_password": "x", "new_password1": "a", "new_password2": "b"}
    )
    assert wrong.status_code == 422
    assert wrong.content.decode().count('aria-invalid="true"') == 2


def test_the_account_page_cannot_change_who_one_is(alice: Client, people: People) -> None:
    more: dict[str, Any] = {"is_staff": "on", "is_superuser": "on", "department": people.company.pk, "real_name": "王"}
    alice.post("/account/", {"form": "preferences", "language": "en", "theme": "dark", **more})
    before = (people.alice.is_staff, people.alice.is_superuser, people.alice.department_id, people.alice.real_name)
    people.alice.refresh_from_db()
    assert (
        people.alice.is_staff,
        people.alice.is_superuser,
        people.alice.department_id,
        people.alice.real_name,
    ) == before


def test_only_administrators_reach_the_administration(alice: Client, people: People) -> None:
    answer = alice.get("/admin/", follow=True)
    assert answer.status_code == 403
    alice.force_login(people.root, backend="crm.org.auth.Backend")
    assert alice.get("/admin/").status_code == 200


def test_the_site_can_be_installed(client: Client, db: None) -> None:
    answer = client.get("/manifest.webmanifest")
    assert answer["Content-Type"] == "application/manifest+json"
    assert {icon["sizes"] for icon in answer.json()["icons"]} == {"192x192", "512x512"}


def test_the_start_page_is_the_first_list_one_may_open(alice: Client, people: People) -> None:
    assert alice.get("/")["Location"] == "/customers/pool/"
    people.alice.roles.clear()
    answer = alice.get("/")
    assert answer.status_code == 200
    assert "还没有可用的功能" in answer.content.decode()
    assert alice.get(LIST).status_code == 403
