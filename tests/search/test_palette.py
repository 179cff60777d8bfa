"""The palette over HTTP: what it answers, to whom, and that it is a page of its own without scripts."""

import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm.org.models import Scope, User
from crm.testing.contract import HOSTILE
from crm.testing.people import People, all_permissions, grant
from crm.views.models import Audience, SavedView
from tests.customers import make

LIST = "/customers/customer/"


@pytest.fixture
def alice(client: Client, people: People) -> Client:
    client.force_login(people.alice, backend="crm.org.auth.Backend")
    return client


def ask(client: Client, query: str = "", page: str = "/account/", **more: str) -> str:
    """The fragment that the palette shows on a page."""
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{page}"}
    answer: Any = client.get("/search/", {"q": query, **more}, headers=headers)
    assert answer.status_code == 200
    return str(answer.content.decode())


def titles(fragment: str) -> list[str]:
    """The lines, in their order."""
    found = re.findall(r'<span class="palette-title">(.*?)</span>', fragment, re.S)
    return [unescape(re.sub(r"</?mark>", "", one)) for one in found]


def heads(fragment: str) -> list[str]:
    """The headings, in their order."""
    return re.findall(r'class="palette-head"[^>]*>(.*?)<', fragment)


def test_records_are_grouped_and_lead_to_their_pages(alice: Client, people: People) -> None:
    customer = make.customer(people.alice, name="上海华信科技")
    contact = make.contact(customer, people.alice, name="华信陈静")
    fragment = ask(alice, "华信")
    assert heads(fragment) == ["联系人", "客户"]
    assert titles(fragment) == ["华信陈静", "上海华信科技"]
    for path in (f"{LIST}{customer.pk}/", f"/customers/contact/{contact.pk}/"):
        assert f'href="{path}"' in fragment
    assert "<html" not in fragment and 'role="listbox"' in fragment


def test_without_scripts_it_is_a_page(alice: Client, people: People) -> None:
    make.customer(people.alice, name="上海华信科技")
    page = alice.get("/search/", {"q": "华信"}).content.decode()
    assert titles(page) == ["上海华信科技"] and page.count("<h1") == 1
    listed = page.partition("<main")[2].partition("</main>")[0]
    assert "role=" not in listed.replace('role="search"', "").replace('role="menu"', "")


def test_more_leads_to_the_list(alice: Client, people: People) -> None:
    for number in range(9):
        make.customer(people.alice, name=f"华信{number}")
    fragment = ask(alice, "华信")
    assert len(titles(fragment)) == 8
    assert f'href="{LIST}?q=%E5%8D%8E%E4%BF%A1"' in fragment


def test_hostile_texts_stay_texts(alice: Client, people: People) -> None:
    customer = make.customer(people.alice, name=f"华信{HOSTILE}")
    make.follow_up(customer, people.alice, content=f"华信{HOSTILE}")
    for query in ("华信", HOSTILE, f">{HOSTILE}", f"@{HOSTILE}", f"#{HOSTILE}"):
        assert "<img" not in ask(alice, query) and "<script>" not in ask(alice, query), query
    assert "<script>m" not in alice.get("/search/", {"q": HOSTILE}).content.decode()


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        (">新建客户", "新建客户"),
        (">xjkh", "新建客户"),
        ("＞公海", "打开公海客户"),
        (">领取", "打开公海客户"),
        (">通讯录", "打开联系人"),
        (">导入联系", "导入联系人"),
        (">深色", "外观：深色"),
        (">english", "语言：English"),
        (">退出", "退出登录"),
        (">密码", "个人设置"),
    ],
)
def test_commands_are_found_by_label_pinyin_and_synonym(alice: Client, typed: str, line: str) -> None:
    assert titles(ask(alice, typed))[0] == line


def test_commands_follow_the_rights(alice: Client, people: People, client: Client) -> None:
    every = titles(ask(alice, ">"))
    assert {"导入联系人", "新建联系人", "打开联系人"} <= set(every) and "系统管理" not in every
    key = "customers.contact"
    grant(people.seller, key, all_permissions(key) - {"import", "add"}, Scope.OWN)
    assert {"导入联系人", "新建联系人", "打开联系人"} & set(titles(ask(alice, ">"))) == {"打开联系人"}
    grant(people.seller, key, set(), Scope.OWN)
    assert not [line for line in titles(ask(alice, ">")) if "联系人" in line]


def test_saved_views_are_found_by_name(alice: Client, people: People) -> None:
    def keep(name: str, owner: User, entity: str = "customers.customer", audience: str = Audience.PRIVATE) -> SavedView:
        return SavedView.objects.create(
            name=name, owner=owner, entity=entity, audience=audience, query="q=1", fingerprint=name
        )

    mine = keep("本月重点跟进", people.alice)
    keep("全员重点", people.bob, audience=Audience.ALL)
    keep("张伟的重点", people.bob)
    fragment = ask(alice, "重点")
    assert titles(fragment) == ["本月重点跟进", "全员重点"]
    assert f'href="{LIST}?view={mine.pk}"' in fragment
    assert titles(ask(alice, ">byzd")) == [mine.name]
    keep("联系人重点", people.alice, entity="customers.contact")
    grant(people.seller, "customers.contact", set(), Scope.OWN)
    assert "联系人重点" not in titles(ask(alice, "重点"))


def test_people_lead_to_what_they_are_in_charge_of(alice: Client, people: People) -> None:
    people.bob.mobile = "13800001111"
    people.bob.save()
    for typed in ("@张伟", "@zw", "@zhangwei"):
        fragment = ask(alice, typed)
        assert titles(fragment) == ["张伟"] and "上海一部 · 13800001111" in fragment
        assert f"?owner={people.bob.pk}" in fragment
    people.bob.is_active = False
    people.bob.save()
    assert titles(ask(alice, "@张伟")) == []


def test_numbers_alone(alice: Client, people: People) -> None:
    made = make.customer(people.alice, name="华信", phone="13866778899")
    assert titles(ask(alice, f"#{made.number[-6:]}")) == ["华信"]
    assert titles(ask(alice, "#8899")) == []


def test_empty_it_offers_recent_records_and_what_the_page_offers(alice: Client, people: People) -> None:
    mine, theirs = make.customer(people.alice, name="华信"), make.customer(people.charlie, name="远洋")
    recent = f"customers.customer:{theirs.pk},x:,customers.customer:{mine.pk},customers.customer:9{'9' * 30}"
    fragment = ask(alice, page=LIST, recent=recent)
    assert heads(fragment) == ["最近打开", "本页动作"]
    assert titles(fragment)[:2] == ["华信", "新建客户"] and "远洋" not in fragment
    on_record = titles(ask(alice, page=f"{LIST}{mine.pk}/"))
    assert {"写跟进", "转移", "编辑"} <= set(on_record)
    for page in (f"{LIST}{theirs.pk}/", "/account/", "/nowhere/", "/x/y/"):
        assert titles(ask(alice, page=page)) == []


def test_the_actions_of_a_record_are_those_of_its_menu(alice: Client, people: People) -> None:
    mine, theirs = make.customer(people.alice, name="华信"), make.customer(people.charlie, name="远洋")
    menu = alice.get(f"{LIST}{mine.pk}/menu/").content.decode()
    offered = titles(ask(alice, of=f"customers.customer:{mine.pk}"))
    assert offered[:3] == ["打开", "新建联系人", "写跟进"]
    assert offered[-2:] == ["编辑", "删除"] and all(line in menu for line in offered)
    assert titles(ask(alice, "gj", of=f"customers.customer:{mine.pk}")) == ["写跟进"]
    for of in (f"customers.customer:{theirs.pk}", "customers.nothing:1", "customers.customer:999999"):
        assert alice.get("/search/", {"of": of}).status_code == 404, of


def test_the_cost_is_one_statement_for_each_entity_and_a_few_more(alice: Client, people: People) -> None:
    make.customer(people.alice, name="华信")
    ask(alice, "华信")
    with CaptureQueriesContext(connection) as queries:
        ask(alice, "华信")
    searched = [each["sql"] for each in queries if "strpos" in each["sql"]]
    assert len(searched) == 3
    assert len(queries) <= 3 + 5, [each["sql"][:80] for each in queries]


@pytest.mark.parametrize("typed", ["\x00", "x" * 5000, "' or 1=1", "%", "#", "@", ">", "##", ">>", "@@", "#%", "　"])
def test_whatever_is_typed_is_answered(alice: Client, people: People, typed: str) -> None:
    make.customer(people.alice, name="华信")
    ask(alice, typed)
    assert alice.get("/search/", {"q": typed}).status_code == 200
