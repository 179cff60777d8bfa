"""The panel of the advanced query: what it offers, what it sends, what comes back from it."""

import re
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client

from crm.testing.people import People
from tests.customers import make
from tests.web.test_list import LIST, PIECE, html, names

PANEL = f"{LIST}query/"


@pytest.fixture
def alice(client: Client, people: People) -> Client:
    client.force_login(people.alice, backend="crm.org.auth.Backend")
    return client


def asked(answer: Any) -> str:
    """The query of the address that an answer leads to."""
    return unquote(re.search(r"where=([^&]*)", answer.headers["HX-Push-Url"])[1])  # type: ignore[index]


def typed(*rows: tuple[str, str, Any], **more: str) -> dict[str, Any]:
    """Rows of the panel as a browser sends them."""
    sent: dict[str, Any] = {"row": [f"0.{n}" for n in range(len(rows))], **more}
    for n, (field, operator, value) in enumerate(rows):
        sent |= {f"field_0.{n}": field, f"op_0.{n}": operator, f"value_0.{n}": value}
    return sent


def test_it_opens_with_blank_conditions_on_the_main_fields(alice: Client) -> None:
    page = html(alice.get(PANEL, headers=PIECE))
    assert re.findall(r'<option value="(\w+)" selected>', page)[::2][:3] == ["name", "kind", "status"]
    assert "<html" not in page
    assert "<html" in html(alice.get(PANEL))


def test_what_is_typed_becomes_one_parameter_and_blank_rows_nothing(alice: Client, people: People) -> None:
    lead = make.option("customers.kind", "意向")
    make.customer(people.alice, name="上海华信科技", kind=lead)
    make.customer(people.alice, name="北京腾达科技")
    rows = typed(
        ("name", "has", " 科技 "),
        ("kind", "in", [str(lead.pk)]),
        ("region", "is", ""),
        ("created_at", "on", "今天"),
        ("owner", "in", ["me", ""]),
        join_0="all",
        sort="name",
    )
    answer = alice.get(f"{PANEL}run/", rows, headers=PIECE)
    day = re.search(r"on\.(\d{4}-\d\d-\d\d)", asked(answer))
    assert day
    assert asked(answer) == f"1.all(name.has.科技;kind.in.{lead.pk};created_at.on.{day[1]};owner.in.me)"
    assert "sort=name" in answer["HX-Push-Url"]
    assert "row=" not in answer["HX-Push-Url"]
    assert names(answer) == ["上海华信科技"]
    assert '<div id="query-panel" hx-swap-oob="true"></div>' in html(answer)
    assert alice.get(f"{PANEL}run/", rows).headers["Location"].startswith(f"{LIST}?sort=name&where=")


def test_groups_and_periods_of_days(alice: Client) -> None:
    rows = typed(("created_at", "period", "last"), join_0="all", **{"days_0.0": "３０"})
    rows |= {"join_9f": "any", "row": [*rows["row"], "9f.1", "9f.2"]}
    rows |= {"field_9f.1": "phone", "op_9f.1": "empty", "field_9f.2": "name", "op_9f.2": "has", "value_9f.2": "a(b"}
    answer = alice.get(f"{PANEL}run/", rows, headers=PIECE)
    assert asked(answer) == "1.all(created_at.period.last-30;any(phone.empty;name.has.a~(b))"


def test_it_opens_again_with_the_query_as_it_is(alice: Client, people: People) -> None:
    parent = make.customer(people.alice, name="上海华信集团")
    where = (
        f"1.any(name.has.科技;parent.in.{parent.pk};all(created_at.between.2026-01-01,;owner.in.me,{people.bob.pk}))"
    )
    page = html(alice.get(PANEL, {"where": where}, headers=PIECE))
    assert '<option value="any" selected>' in page
    assert 'value="科技"' in page
    assert f'<option value="{parent.pk}" selected>上海华信集团</option>' in page
    assert 'value="2026-01-01"' in page
    assert 'value="me" checked' in page
    assert f'<option value="{people.bob.pk}" selected>张伟</option>' in page


def test_a_row_comes_anew_with_the_operators_of_its_field(alice: Client) -> None:
    sent = {"row": "0.1", "field_0.1": "created_at", "op_0.1": "has", "value_0.1": "x"}
    page = html(alice.get(f"{PANEL}row/", sent, headers=PIECE))
    assert '<option value="period" selected>' in page
    assert 'value="has"' not in page
    assert 'name="row" value="0.1"' in page
    new = html(alice.get(f"{PANEL}row/", {"group": "0"}, headers=PIECE))
    assert re.search(r'name="row" value="0\.\w{8}"', new)
    assert '<option value="any" selected>' in html(alice.get(f"{PANEL}group/", {"join_0": "all"}, headers=PIECE))


def test_conditions_are_chips_and_chips_take_them_back(alice: Client, people: People) -> None:
    make.customer(people.alice, name="上海华信科技")
    answer = alice.get(LIST, {"where": "1.any(name.has.科技;created_at.period.last-7;all(phone.empty;region.is.上海))"})
    chips = re.findall(r"<li><span>(.*?)</span><a href=\"(.*?)\"", html(answer))
    assert [text for text, url in chips] == [
        "客户名称: 包含 科技",
        "创建时间: 最近 7 天",
        "(电话 为空 且 地区 等于 上海)",
    ]
    assert html(answer).count('<li class="chip-word">或</li>') == 2
    rest = unquote(chips[0][1]).replace("&amp;", "&")
    assert rest == f"{LIST}?where=1.any(created_at.period.last-7;all(phone.empty;region.is.上海))"
    assert names(alice.get(rest)) == ["上海华信科技"]


@pytest.mark.parametrize(
    "where",
    [
        "x",
        "1.all(",
        "1.all(owner__password.starts.p)",
        "1.all(deleted_at.filled)",
        "\x00",
        "1.all(name.regex.x)",
        "(" * 5000,
    ],
)
def test_what_cannot_be_read_is_told_and_never_reaches_the_database(alice: Client, people: People, where: str) -> None:
    make.customer(people.alice, name="甲公司")
    answer = alice.get(LIST, {"where": where})
    assert answer.status_code == 200
    assert names(answer) == ["甲公司"]
    assert "无法识别的条件未参与筛选" in html(answer)
    for action in ("delete", "do/transfer"):
        refused = alice.get(f"{LIST}{action}/?all=1", {"where": where}, headers=PIECE)
        assert refused.status_code == 409


@pytest.mark.parametrize("page", ["", "row/", "group/", "run/"])
def test_it_takes_any_nonsense(alice: Client, page: str) -> None:
    for sent in (
        {"row": ["0.1", "x", "", "a.b.c"], "field_0.1": "password", "op_0.1": "';", "value_0.1": "\x00"},
        {"row": "0.1", "field_0.1": "kind", "op_0.1": "in", "value_0.1": ["x"] * 500},
        {"group": "\x00<script>", "join_0": "none", "where": "1.all(x)"},
        {"row": "0.1", "field_0.1": "created_at", "op_0.1": "period", "value_0.1": "last", "days_0.1": "9" * 30},
    ):
        answer = alice.get(f"{PANEL}{page}", sent, headers=PIECE)
        assert answer.status_code == 200
        assert "<script>" not in html(answer)


def test_the_panel_needs_the_right_to_see_the_list(alice: Client, people: People) -> None:
    people.seller.grants.filter(entity="customers.customer").update(actions=["add"])
    for page in ("", "row/", "group/", "run/"):
        assert alice.get(f"{PANEL}{page}").status_code == 403
