"""Saved views: who finds them, what they hold, what is stored only once."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.test import Client

from crm.org.models import User
from crm.testing.people import People
from crm.views.models import ListChoice, SavedView
from tests.customers import make
from tests.web.test_list import LIST, PIECE, html, names

VIEWS = f"{LIST}views/"
SignedIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _no_counts_of_others() -> None:
    cache.clear()


@pytest.fixture
def signed_in(db: None) -> SignedIn:
    def sign_in(user: User) -> Client:
        client = Client(headers=PIECE)
        client.force_login(user, backend="crm.org.auth.Backend")
        return client

    return sign_in


def save(client: Client, query: str, name: str, **sent: Any) -> Any:
    return client.post(f"{VIEWS}new/?{query}", {"name": name, "audience": "private", **sent})


def tabs(client: Client) -> list[str]:
    page = html(client.get(LIST))
    return re.findall(r'id="view-\d+"[^>]*>([^<]*)<span', page)


def query_of(answer: Any) -> str:
    return unquote(answer.headers.get("HX-Push-Url", answer.headers.get("HX-Replace-Url")))


def test_a_query_is_saved_and_opens_again_as_it_was(signed_in: SignedIn, people: People) -> None:
    alice = signed_in(people.alice)
    lead = make.option("customers.kind", "意向")
    make.customer(people.alice, name="上海华信科技", kind=lead)
    make.customer(people.alice, name="北京腾达")
    query = f"kind={lead.pk}&where=1.all(name.has.华信)&sort=name&size=20&page=1"
    assert 'value="意向、包含 华信"' in html(alice.get(f"{VIEWS}new/?{query}"))

    answer = save(alice, query, "上海的意向客户")

    view = SavedView.objects.get()
    assert answer.status_code == 204 and f"?view={view.pk}" in answer.headers["HX-Trigger"]
    assert unquote(view.query) == f"kind={lead.pk}&size=20&sort=name&where=1.all(name.has.华信)"
    opened = alice.get(LIST, {"view": view.pk})
    assert names(opened) == ["上海华信科技"]
    assert query_of(opened) == f"{LIST}?{unquote(view.query)}&view={view.pk}"
    assert "客户种类: 意向" in html(opened)
    assert "保存为视图" not in html(opened)
    assert tabs(alice) == ["上海的意向客户"]


def test_the_same_query_is_offered_instead_of_stored_twice(signed_in: SignedIn, people: People) -> None:
    alice = signed_in(people.alice)
    save(alice, "where=1.all(name.has.华信;phone.empty)&q=a", "甲", audience="all")
    for client in (alice, signed_in(people.bob)):
        again = save(client, "q=+a+&where=1.all(all(phone.empty;name.has.华信))", "乙")
        assert again.status_code == 409
        assert "此查询已保存为视图“甲”" in html(again)
        assert f"?view={SavedView.objects.get().pk}" in html(again)
    assert save(alice, "q=b", "甲").status_code == 409
    assert SavedView.objects.count() == 1
    kept = SavedView.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        SavedView.objects.create(entity=kept.entity, owner=kept.owner, name="丙", fingerprint=kept.fingerprint)


def test_only_those_with_whom_it_is_shared_find_a_view(signed_in: SignedIn, people: People) -> None:
    alice = signed_in(people.alice)
    save(alice, "q=1", "我的")
    save(alice, "q=2", "给张伟", audience="some", receivers=[f"u{people.bob.pk}"])
    save(alice, "q=3", "给大区", audience="some", receivers=[f"d{people.east.pk}"])
    save(alice, "q=4", "给所有人", audience="all")
    assert tabs(signed_in(people.bob)) == ["给张伟", "给大区", "给所有人"]
    assert tabs(signed_in(people.carol)) == ["给大区", "给所有人"]
    assert tabs(signed_in(people.charlie)) == ["给所有人"]
    assert tabs(signed_in(people.root)) == ["给所有人"]
    assert save(alice, "q=5", "没有人", audience="some").status_code == 422
    people.bob.department = people.west
    people.bob.save()
    assert tabs(signed_in(people.bob)) == ["给张伟", "给所有人"]


def test_a_shared_view_shows_each_reader_their_own_rows(signed_in: SignedIn, people: People) -> None:
    make.customer(people.alice, name="上海华信")
    make.customer(people.charlie, name="成都华信")
    alice, charlie = signed_in(people.alice), signed_in(people.charlie)
    save(alice, "where=1.all(owner.in.me;name.has.华信)", "我的华信", audience="all")
    view = SavedView.objects.get()
    assert names(alice.get(LIST, {"view": view.pk})) == ["上海华信"]
    assert names(charlie.get(LIST, {"view": view.pk})) == ["成都华信"]
    counted = html(charlie.get(f"{LIST}counts/"))
    assert re.search(r'我的华信<span class="view-count">1<', counted)


def test_nobody_but_the_owner_changes_a_view(signed_in: SignedIn, people: People) -> None:
    alice, bob, charlie = (signed_in(user) for user in (people.alice, people.bob, people.charlie))
    save(alice, "q=1", "给张伟", audience="some", receivers=[f"u{people.bob.pk}"])
    view = SavedView.objects.get()
    before = SavedView.objects.values().get()
    sent = {"name": "我的了", "audience": "all"}
    for page in (f"{view.pk}/", f"{view.pk}/query/?q=2", f"{view.pk}/delete/"):
        assert bob.post(VIEWS + page, sent).status_code == 403, page
        assert charlie.post(VIEWS + page, sent).status_code == 404, page
    assert charlie.post(f"{VIEWS}{view.pk}/move/").status_code == 404
    assert charlie.post(f"{VIEWS}default/", {"view": view.pk}).status_code == 404
    assert query_of(charlie.get(LIST, {"view": view.pk, "q": "x"})) == f"{LIST}?q=x"
    assert SavedView.objects.values().get() == before
    # A contact's page does not reach a customer's view.
    assert alice.post(f"/customers/contact/views/{view.pk}/delete/").status_code == 404


def test_its_owner_renames_shares_changes_and_deletes_it(signed_in: SignedIn, people: People) -> None:
    alice = signed_in(people.alice)
    make.customer(people.alice, name="甲公司")
    save(alice, "q=甲", "甲")
    view = SavedView.objects.get()
    sent = {"name": "甲方", "audience": "some", "receivers": [f"u{people.bob.pk}", "u999", "x"]}
    assert alice.post(f"{VIEWS}{view.pk}/", sent).status_code == 200
    assert list(SavedView.objects.get().users.all()) == [people.bob]
    page = html(alice.get(f"{VIEWS}{view.pk}/"))
    assert f'<option value="u{people.bob.pk}" selected>张伟</option>' in page

    changed = html(alice.get(LIST, {"view": view.pk, "q": "甲公", "size": "20"}))
    address = re.search(r'hx-post="([^"]*/query/[^"]*)"', changed)
    assert address and "保存到“甲方”" in changed
    assert alice.post(address[1].replace("&amp;", "&")).status_code == 204
    assert unquote(SavedView.objects.get().query) == "q=甲公&size=20"
    assert "已删除视图" in alice.post(f"{VIEWS}{view.pk}/delete/").headers["HX-Trigger"].encode().decode(
        "unicode_escape"
    )
    assert not SavedView.objects.exists()


def test_the_list_opens_with_the_default_and_all_stays_reachable(signed_in: SignedIn, people: People) -> None:
    alice = signed_in(people.alice)
    for name in ("甲公司", "乙公司"):
        make.customer(people.alice, name=name)
    save(alice, "q=甲", "甲", default="on")
    view = SavedView.objects.get()
    assert names(alice.get(LIST)) == ["甲公司"]
    everything = alice.get(LIST, {"view": "all"})
    assert names(everything) == ["乙公司", "甲公司"]
    assert f'href="{LIST}?view=all" id="all"' in html(everything)
    assert '<input type="hidden" form="filters" name="view" value="all">' in html(everything)
    # What the emptied filter bar sends is no wish for the default.
    assert names(alice.get(LIST, {"view": "all", "q": ""})) == ["乙公司", "甲公司"]
    alice.post(f"{VIEWS}default/", {"view": ""})
    assert names(alice.get(LIST)) == ["乙公司", "甲公司"]
    alice.post(f"{VIEWS}default/", {"view": view.pk})
    alice.post(f"{VIEWS}{view.pk}/delete/")
    assert names(alice.get(LIST)) == ["乙公司", "甲公司"]


def test_a_manager_sets_a_default_for_those_who_chose_none(signed_in: SignedIn, people: People) -> None:
    root, alice, bob = signed_in(people.root), signed_in(people.alice), signed_in(people.bob)
    make.customer(people.alice, name="甲公司")
    save(root, "q=乙", "乙")
    view = SavedView.objects.get()
    sent = {"view": view.pk, "everyone": "1"}
    assert root.post(f"{VIEWS}default/", sent).status_code == 409, "not shared with everybody"
    SavedView.objects.update(audience="all")
    assert alice.post(f"{VIEWS}default/", sent).status_code == 403
    alice.post(f"{VIEWS}default/", {"view": ""})
    assert root.post(f"{VIEWS}default/", sent).status_code == 200
    assert names(alice.get(LIST)) == ["甲公司"]
    assert query_of(bob.get(LIST)) == f"{LIST}?q=乙&view={view.pk}"
    root.post(f"{VIEWS}{view.pk}/", {"name": "乙", "audience": "private"})
    assert not SavedView.objects.get().is_default


def test_tabs_stand_in_ones_own_order(signed_in: SignedIn, people: People) -> None:
    alice, bob = signed_in(people.alice), signed_in(people.bob)
    for name in "甲乙丙":
        save(alice, f"q={name}", name, audience="all")
    last = SavedView.objects.get(name="丙")
    alice.post(f"{VIEWS}{last.pk}/move/", {"by": "-1"})
    alice.post(f"{VIEWS}{last.pk}/move/", {"by": "-1"})
    alice.post(f"{VIEWS}{last.pk}/move/", {"by": "-1"})
    assert tabs(alice) == ["丙", "甲", "乙"]
    assert tabs(bob) == ["甲", "乙", "丙"]


def test_what_a_view_asks_for_in_vain_is_told(signed_in: SignedIn, people: People) -> None:
    alice = signed_in(people.alice)
    make.customer(people.alice, name="甲公司")
    columns = {"columns": [["name", 0], ["owner__password", 0]], "frozen": 1}
    view = SavedView.objects.create(
        entity="customers.customer", owner=people.alice, name="旧的", fingerprint="x", columns=columns,
        query="sort=gone&vanished=3&where=1.all(owner__password.starts.p;name.has.甲)",
    )  # fmt: skip
    page = alice.get(LIST, {"view": view.pk})
    assert names(page) == ["甲公司"]
    for sentence in (
        "视图用到的“vanished”不存在，或你无权查看。",
        "你无法使用此视图的排序。",
        "此视图有 1 列你无法查看。",
        "字段“owner__password”不存在，或你无权查看。",
    ):
        assert sentence in html(page), sentence
    assert '<span class="view-count"></span>' in html(alice.get(f"{LIST}counts/"))


def test_a_view_needs_the_right_to_see_the_list(signed_in: SignedIn, people: People) -> None:
    alice = signed_in(people.alice)
    people.seller.grants.filter(entity="customers.customer").update(actions=["add"])
    for page in ("", "new/", "receivers/"):
        assert alice.get(VIEWS + page).status_code == 403, page
    assert save(alice, "q=1", "甲").status_code == 403


def test_it_is_shared_with_people_and_departments_found_by_name(signed_in: SignedIn, people: People) -> None:
    found = signed_in(people.alice).get(f"{VIEWS}receivers/", {"q": "张"}).json()["results"]
    assert found == [{"id": f"u{people.bob.pk}", "text": "张伟", "hint": ""}]
    departments = signed_in(people.alice).get(f"{VIEWS}receivers/", {"q": "上海"}).json()["results"]
    assert departments == [{"id": f"d{people.east_one.pk}", "text": "上海一部", "hint": "部门及下级"}]


# ---- columns


def heads(client: Client, **params: Any) -> list[str]:
    return re.findall(r'data-path="(\w+)"', html(client.get(LIST, params)))


def test_columns_are_chosen_per_user_and_view(signed_in: SignedIn, people: People) -> None:
    alice, bob = signed_in(people.alice), signed_in(people.bob)
    make.customer(people.alice, name="甲公司", region="上海")
    make.customer(people.bob, name="乙公司")
    usual = heads(alice)
    sent = {"columns": ["region", "name", "phone", "owner__password", "region"], "width_region": "240", "frozen": "2"}
    assert alice.post(f"{LIST}columns/", sent).status_code == 204
    page = html(alice.get(LIST))
    assert heads(alice) == ["name", "region", "phone"]
    assert 'data-frozen="2"' in page and '<col width="240">' in page and "上海" in page
    assert heads(bob) == usual

    save(alice, "q=甲", "甲", audience="all")
    view = SavedView.objects.get()
    assert [path for path, _width in view.columns["columns"]] == ["region", "name", "phone"]
    assert heads(bob, view=view.pk) == []
    make.customer(people.bob, name="甲二公司")
    assert heads(bob, view=view.pk) == ["name", "region", "phone"], "a shared view brings its columns"
    bob.post(f"{LIST}columns/?view={view.pk}", {"columns": ["kind"]})
    assert heads(bob, view=view.pk) == ["name", "kind"]
    assert heads(bob) == usual
    assert heads(alice, view=view.pk) == ["name", "region", "phone"]

    alice.post(f"{LIST}columns/", {"reset": "1"})
    assert heads(alice) == usual
    assert ListChoice.objects.get(user=people.alice).columns == {}


def test_only_indexed_columns_can_be_sorted(signed_in: SignedIn, people: People) -> None:
    alice = signed_in(people.alice)
    make.customer(people.alice, name="甲公司")
    alice.post(f"{LIST}columns/", {"columns": ["number", "region", "owner"]})
    page = html(alice.get(LIST))
    assert "?sort=number" in page and "?sort=name" in page
    assert "?sort=region" not in page and "?sort=owner" not in page


def test_the_dialog_names_every_field_that_one_may_see(signed_in: SignedIn, people: People) -> None:
    page = html(signed_in(people.alice).get(f"{LIST}columns/"))
    for path in ("bank_account", "updated_at", "department", "last_follow_up"):
        assert f'name="columns" value="{path}"' in page
    assert "password" not in page and "search" not in re.findall(r'name="columns" value="(\w+)"', page)
