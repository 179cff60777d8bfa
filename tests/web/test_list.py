"""The list page, on customers: what it shows, how it answers htmx, what it costs."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm.flow.run import run
from crm.org.models import Role, Scope
from crm.testing.people import People, grant
from customers.flows.pool import apply
from customers.models import Contact, Customer
from tests.customers import make

LIST, POOL = "/customers/customer/", "/customers/pool/"
PIECE = {"HX-Request": "true", "HX-Target": "list"}


@pytest.fixture
def alice(client: Client, people: People) -> Client:
    client.force_login(people.alice, backend="crm.org.auth.Backend")
    return client


def html(answer: Any) -> str:
    text: str = answer.content.decode()
    return text


def names(answer: Any) -> list[str]:
    return re.findall(r'<a class="open"[^>]*>([^<]*)</a>', html(answer))


def test_it_shows_ones_own_customers_and_nobody_elses(alice: Client, people: People) -> None:
    make.customer(people.alice, name="上海华信科技")
    make.customer(people.charlie, name="成都天宇贸易")
    assert names(alice.get(LIST)) == ["上海华信科技"]


def test_it_finds_by_part_of_the_name_by_initials_and_by_the_phones_tail(alice: Client, people: People) -> None:
    make.customer(people.alice, name="上海华信科技", phone="13800138000")
    make.customer(people.alice, name="北京腾达软件", phone="13911112222")
    for words in ("腾达", "bjtd", "2222"):
        assert names(alice.get(LIST, {"q": words})) == ["北京腾达软件"], words


def test_filters_narrow_it_and_chips_take_them_back(alice: Client, people: People) -> None:
    lead, won = make.option("customers.kind", "意向"), make.option("customers.kind", "成交")
    make.customer(people.alice, name="甲公司", kind=lead, customer_class="A")
    make.customer(people.alice, name="乙公司", kind=won, customer_class="A")
    make.customer(people.alice, name="丙公司", kind=won, customer_class="B")

    answer = alice.get(LIST, {"kind": [str(won.pk)], "customer_class": ["A", "C"]})

    assert names(answer) == ["乙公司"]
    chips = re.findall(r"<li><span>(.*?)</span><a href=\"(.*?)\"", html(answer))
    assert [text for text, url in chips] == ["客户种类: 成交", "客户分类: A、C"]
    assert names(alice.get(chips[0][1].replace("&amp;", "&"))) == ["乙公司", "甲公司"]


def test_days_are_read_as_people_write_them(alice: Client, people: People) -> None:
    make.customer(people.alice, name="甲公司")
    assert names(alice.get(LIST, {"created_at_after": "今天", "created_at_before": "+1"})) == ["甲公司"]
    assert names(alice.get(LIST, {"created_at_before": "-1"})) == []


def test_a_condition_that_cannot_be_read_is_named(alice: Client, people: People) -> None:
    make.customer(people.alice, name="甲公司")
    answer = alice.get(LIST, {"created_at_after": "someday"})
    assert names(answer) == ["甲公司"]
    assert "无法识别的条件未参与筛选" in html(answer)


@pytest.mark.parametrize(
    "params",
    [
        {"page": "0"},
        {"page": "-5"},
        {"page": "9" * 40},
        {"size": "100000"},
        {"sort": "password"},
        {"sort": "owner__password"},
        {"q": "\x00"},
        {"q": "a" * 5000},
        {"kind": "x"},
        {"owner": "9" * 30},
        {"owner__password": "x"},
        {"unknown": "x"},
    ],
)
def test_nonsense_in_the_url_does_no_harm(alice: Client, params: dict[str, str]) -> None:
    assert alice.get(LIST, params).status_code == 200


def test_sorting_goes_both_ways_and_only_by_indexed_columns(alice: Client, people: People) -> None:
    for name in ("乙", "甲", "丙"):
        make.customer(people.alice, name=f"{name}公司", region=name)
    rising = alice.get(LIST, {"sort": "name"})
    assert names(rising) == sorted(names(rising))
    assert names(alice.get(LIST, {"sort": "-name"})) == names(rising)[::-1]
    assert 'aria-sort="ascending"' in html(rising)
    assert "?sort=-name" in html(rising)
    assert "sort=region" not in html(rising)


def test_pages_follow_one_another_without_gap(alice: Client, people: People) -> None:
    for number in range(45):
        make.customer(people.alice, name=f"客户{number:02}")
    pages = [names(alice.get(LIST, {"size": 20, "page": page})) for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [20, 20, 5]
    assert len({name for page in pages for name in page}) == 45
    last = alice.get(LIST, {"size": 20, "page": 3})
    assert "共 45 条" in html(last)
    assert 'rel="next"' not in html(last)
    assert 'rel="prev"' in html(last)
    assert "此页已不存在" in html(alice.get(LIST, {"size": 20, "page": 9}))


def test_what_costs_a_count_is_counted_after_the_page(
    alice: Client, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(25):
        make.customer(people.alice, name=f"客户{number:02}")
    with CaptureQueriesContext(connection) as queries:
        page = html(alice.get(LIST, {"size": 20}))
    assert not [query for query in queries if "COUNT(" in query["sql"].upper() and "customers_customer" in query["sql"]]
    assert "共 25 条" not in page
    address = re.search(r'id="list-foot" hx-get="([^"]*)"', page)
    assert address and address[1] == f"{LIST}counts/?size=20"

    foot = html(alice.get(address[1], headers=PIECE))

    assert 'data-count="25"' in foot
    assert "共 25 条" in foot
    assert "/ 2</span>" in foot
    assert 'hx-trigger="load"' not in foot

    monkeypatch.setattr("crm.entity.query.MOST_COUNTED", 10)
    capped = html(alice.get(address[1], headers=PIECE))
    assert "10+" in capped and "/ …</span>" in capped
    exact = re.search(r'hx-get="([^"]*exact=1)"', capped)
    assert exact
    counted = html(alice.get(exact[1].replace("&amp;", "&"), headers=PIECE))
    assert "共 25 条" in counted and "exact" not in counted


def test_a_last_page_needs_no_second_request(alice: Client, people: People) -> None:
    make.customer(people.alice, name="甲公司")
    assert "counts/" not in html(alice.get(LIST))
    assert "counts/" not in html(alice.get(LIST, {"q": "无"}))


def test_empty_lists_say_why(alice: Client, people: People) -> None:
    assert "还没有客户" in html(alice.get(LIST))
    assert "没有符合条件的客户" in html(alice.get(LIST, {"q": "腾达"}))


def test_for_htmx_it_answers_with_the_list_alone_and_a_tidy_address(alice: Client, people: People) -> None:
    make.customer(people.alice, name="甲公司")
    answer = alice.get(
        LIST, {"q": "甲", "kind": "", "created_at_after": "", "sort": "name"}, headers={**PIECE, "HX-Trigger": "words"}
    )
    assert answer["HX-Push-Url"] == f"{LIST}?q=%E7%94%B2&sort=name"
    assert names(answer) == ["甲公司"]
    assert "<html" not in html(answer)
    assert '<div id="status" hx-swap-oob="innerHTML">' in html(answer)


def test_loading_the_same_query_again_is_no_step_in_the_history(alice: Client) -> None:
    answer = alice.get(LIST, {"q": "甲"}, headers={**PIECE, "HX-Current-URL": f"http://testserver{LIST}?q=%E7%94%B2"})
    assert "HX-Push-Url" not in answer
    assert answer["HX-Replace-Url"] == f"{LIST}?q=%E7%94%B2"


@pytest.mark.parametrize(("trigger", "redrawn"), [("words", False), ("boxes", False), ("all", True), ("", True)])
def test_the_filter_bar_is_redrawn_only_if_something_else_changed_the_query(
    alice: Client, trigger: str, redrawn: bool
) -> None:
    answer = alice.get(LIST, headers={**PIECE, "HX-Trigger": trigger})
    assert ('<form id="filters"' in html(answer)) is redrawn


def test_going_back_gets_a_whole_page(alice: Client) -> None:
    answer = alice.get(LIST, headers={**PIECE, "HX-History-Restore-Request": "true"})
    assert "<html" in html(answer)


def test_what_was_typed_stays_text(alice: Client, people: People) -> None:
    hostile = '"><script>m()</script>'
    make.customer(people.alice, name=hostile, region=hostile, phone='"onmouseover="m()')
    for page in (alice.get(LIST), alice.get(LIST, {"q": hostile, "kind": hostile})):
        assert "<script>m" not in html(page)
        assert '"onmouseover' not in html(page)


def test_it_costs_the_same_queries_for_two_rows_and_for_fifty(alice: Client, people: People) -> None:
    make.customer(people.alice, name="甲公司", kind=make.option("customers.kind", "意向"))
    make.customer(people.alice, name="乙公司")
    alice.get(LIST)
    with CaptureQueriesContext(connection) as two:
        alice.get(LIST)
    for number in range(60):
        customer = make.customer(people.alice, name=f"客户{number}", source=make.option("customers.source", "展会"))
        make.contact(customer, people.alice)
    alice.get(LIST)
    with CaptureQueriesContext(connection) as fifty:
        alice.get(LIST)
    assert len(fifty) == len(two) <= 8
    with CaptureQueriesContext(connection) as contacts:
        alice.get("/customers/contact/")
    assert len(contacts) <= 9


def test_buttons_appear_only_for_what_one_may_do(alice: Client, people: People) -> None:
    make.customer(people.alice, name="甲公司")
    make.customer(name="公海公司")
    assert f"{LIST}new/" in html(alice.get(LIST))
    assert "/customers/pool/do/claim/" in html(alice.get(POOL))
    for right in people.seller.grants.filter(entity="customers.customer"):
        right.actions = ["view", "view_pool"]
        right.save()
    for page in (html(alice.get(LIST)), html(alice.get(POOL))):
        assert f"{LIST}new/" not in page
        assert "/do/" not in page
        assert "/delete/" not in page


def test_without_the_right_to_view_there_is_no_list(alice: Client, people: People) -> None:
    people.seller.grants.filter(entity="customers.contact").update(actions=["add"])
    assert alice.get("/customers/contact/").status_code == 403
    assert "/customers/contact/" not in html(alice.get(LIST))
    assert alice.get("/customers/nothing/").status_code == 404


def test_long_choices_are_fetched_when_their_box_opens(
    alice: Client, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm.web.filter_bar.MOST_INLINE", 2)
    make.customer(people.alice, name="甲公司")
    page = html(alice.get(LIST, {"owner": people.bob.pk}))
    assert f'<input type="hidden" name="owner" value="{people.bob.pk}">' in page
    assert "张伟</label>" not in page

    fetched = html(alice.get(f"{LIST}filter/owner/", {"owner": people.bob.pk}))

    assert f'value="{people.bob.pk}" checked' in fetched
    assert alice.get(f"{LIST}filter/password/").status_code == 404
    assert alice.get(f"{LIST}filter/created_at/").status_code == 404


def test_choices_of_a_record_field_are_the_visible_ones(alice: Client, people: People) -> None:
    mine = make.customer(people.alice, name="上海华信科技")
    make.customer(people.charlie, name="成都华信贸易")
    found = alice.get(f"{LIST}options/", {"q": "华信"}).json()["results"]
    assert found == [{"id": mine.pk, "text": "上海华信科技", "hint": mine.number}]


def test_a_filter_by_a_record_out_of_sight_tells_nothing_about_it(alice: Client, people: People) -> None:
    theirs = make.customer(people.charlie, name="成都天宇贸易")
    mine = make.customer(people.alice, name="甲公司")
    make.contact(mine, people.alice, "陈静")
    make.contact(theirs, people.charlie, "赵敏")
    page = html(alice.get("/customers/contact/", {"customer": theirs.pk}))
    assert "成都天宇贸易" not in page
    assert "赵敏" not in page
    assert Contact.objects.count() == 2


def test_choices_of_a_field_within_another_are_those_of_its_record(alice: Client, people: People) -> None:
    one, other = make.customer(people.alice, name="甲公司"), make.customer(people.alice, name="乙公司")
    wanted = make.contact(one, people.alice, "陈静")
    make.contact(other, people.alice, "陈晨")
    found = alice.get("/customers/contact/options/", {"q": "陈", "customer": one.pk}).json()["results"]
    assert [result["id"] for result in found] == [wanted.pk]


def test_users_are_searched_by_pinyin(alice: Client, people: People) -> None:
    assert alice.get("/options/users/", {"q": "zhangwei"}).json() == {
        "results": [{"id": people.bob.pk, "text": "张伟"}]
    }


def test_rows_of_the_pool_have_a_button_for_what_their_state_allows(alice: Client, people: People) -> None:
    idle = make.customer(name="甲公司")
    page = html(alice.get(POOL))
    assert f'hx-post="{POOL}{idle.pk}/do/claim/"' in page and "do/apply/" not in page

    run(apply, Customer, [idle.pk], by=people.alice)

    assert "row-act" not in html(alice.get(POOL))


def test_who_may_not_claim_is_offered_to_apply(alice: Client, people: People) -> None:
    idle = make.customer(name="甲公司")
    revoke(people, "claim")
    page = html(alice.get(POOL))
    assert f'hx-get="{POOL}{idle.pk}/do/apply/"' in page and "do/claim/" not in page


def test_a_rows_button_reaches_no_further_than_its_own_right(alice: Client, people: People) -> None:
    make.customer(name="近的")
    make.customer(name="远的", into=people.west)
    revoke(people, "claim", "apply")
    far = Role.objects.create(name="看所有公海")
    grant(far, Customer.key(), {"view_pool"}, Scope.ALL)
    near = Role.objects.create(name="获取近处的")
    grant(near, Customer.key(), {"claim"}, Scope.DEPARTMENT)
    people.alice.roles.add(far, near)
    page = html(alice.get(POOL))
    assert "近的" in page and "远的" in page
    assert page.count("row-act") == 1


def revoke(people: People, *actions: str) -> None:
    for right in people.seller.grants.filter(entity=Customer.key()):
        right.actions = [name for name in right.actions if name not in actions]
        right.save()
