"""Lines in their document's form, over HTTP, as a page without scripts sends them."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.entity.declare import Entity
from crm.record.models import Change
from crm.testing.people import People
from tests.lines.documents import LINES, ORDERS, Article, Order, OrderLine, article, order, typed
from tests.web.record_pages import DRAWER, as_, hidden, text

pytestmark = pytest.mark.django_db

NEW = "/tests/order/new/"


def edit_of(document: Order) -> str:
    return f"/tests/order/{document.pk}/edit/"


def lines_of(document: Order) -> list[OrderLine]:
    return list(LINES.alive().filter(order=document).order_by("position"))


def save(user: Any, document: Order, *rows: dict[str, str], **more: Any) -> Any:
    data: dict[str, Any] = {"name": document.name, "version": document.version}
    for row in rows:
        data |= row
    return as_(user).post(edit_of(document), data | more)


def versions(answer: Any) -> dict[str, str]:
    """What a page that told of a conflict answers for."""
    return {name: value for name, value in hidden(answer).items() if name.endswith("version") and "__" not in name}


@pytest.fixture
def paper(entity: Entity, people: People) -> Article:
    return article(people.alice, "打印纸")


@pytest.fixture
def document(entity: Entity, people: People, paper: Article) -> Order:
    """An order of two lines: 3 × 10.50 and 1 × 99.99."""
    data = {"name": "首批设备", **typed(0, paper, "3", "10.5"), **typed(1, paper, "1", "99.99")}
    assert as_(people.alice).post(NEW, data).status_code == 302
    return ORDERS.get()


def test_a_new_document_is_stored_with_its_lines_and_their_sums(people: People, document: Order) -> None:
    first, second = lines_of(document)
    assert [first.position, *map(str, (first.total, first.net, first.tax))] == [1, "31.50", "27.88", "3.62"]
    assert (str(document.total), str(document.net)) == ("131.49", "116.37")
    assert second.created_by == people.alice


def test_what_people_write_as_a_number_is_one(people: People, paper: Article) -> None:
    row = typed(0, paper, "１，２００", "￥1,234.50", discount="10%", tax_rate=" 13 ")
    assert as_(people.alice).post(NEW, {"name": "首批", **row}).status_code == 302
    line = LINES.get()
    assert [str(x) for x in (line.quantity, line.price, line.discount, line.total)] == [
        "1200.0000", "1234.5000", "10.00", "1333260.00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("price", "-1"), ("discount", "200"), ("quantity", "-5"), ("quantity", "0"), ("quantity", "1e30"),
        ("price", "NaN"), ("price", "Infinity"), ("price", "1.23456"), ("tax_rate", "900"), ("price", "十元"),
        ("product", "999999"), ("product", "x"), ("quantity", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_at_its_cell_and_comes_back(
    people: People, paper: Article, name: str, value: str
) -> None:
    row = typed(0, **{"product": paper, "quantity": "3", "price": "10", "remarks": "急用", name: value})
    answer = as_(people.alice).post(NEW, {"name": "首批", **row})
    page = text(answer)
    assert answer.status_code == 422 and not ORDERS.exists()
    assert f'id="record_lines-0-{name}_error"' in page and "1 项需要修改" in page
    assert 'value="急用"' in page and (name == "product" or f'value="{value}"' in page or value == "")


def test_the_sums_that_somebody_sends_are_not_those_that_are_stored(people: People, paper: Article) -> None:
    row = typed(0, paper, "3", "10", total="0.01", net="0.01", order="77", position="9")
    as_(people.alice).post(NEW, {"name": "首批", "total": "0.01", **row})
    assert str(ORDERS.get().total) == "30.00" and str(LINES.get().total) == "30.00"


def test_too_large_an_amount_is_refused(people: People, paper: Article) -> None:
    row = typed(0, paper, "99999999999999", "99999999999999")
    assert as_(people.alice).post(NEW, {"name": "首批", **row}).status_code == 422


def test_three_errors_are_listed_above_the_grid(people: People, paper: Article) -> None:
    rows = typed(0, paper, "x", "y") | typed(1, "", "3", "4")
    page = text(as_(people.alice).post(NEW, {"name": "首批", **rows}))
    assert 'href="#record_lines-0-quantity">第 1 行 · 数量</a>' in page and "3 项需要修改" in page
    assert 'href="#record_lines-1-product">第 2 行 · 产品</a>' in page


def test_an_empty_row_is_no_line_and_a_document_may_have_none(people: People, entity: Entity) -> None:
    assert as_(people.alice).post(NEW, {"name": "首批", **typed(0)}).status_code == 302
    assert not LINES.exists()


def test_more_empty_rows_come_without_scripts_and_keep_what_was_typed(people: People, paper: Article) -> None:
    data = {"name": "首批", "more-lines": "1", **typed(0, paper, "没想好", "10")}
    answer = as_(people.alice).post(NEW, data)
    page = text(answer)
    assert answer.status_code == 200 and page.count('name="lines-') > 5 * 9
    assert 'value="没想好"' in page and 'value="首批"' in page and "aria-invalid" not in page
    assert not ORDERS.exists()


def test_lines_are_changed_added_removed_and_ordered_in_one_go(people: People, document: Order, paper: Article) -> None:
    first, second = lines_of(document)
    rows = [
        typed(5, paper, "2", "5"),
        typed(1, paper, "1", "100", line=second),
        typed(0, paper, "3", "10.5", line=first) | {"lines-0-removed": "1"},
    ]
    assert save(people.alice, document, *rows).status_code == 302
    new, kept = lines_of(document)
    assert (new.position, str(new.total), kept.pk, str(kept.total)) == (1, "10.00", second.pk, "100.00")
    document.refresh_from_db()
    assert (str(document.total), document.version) == ("110.00", 2)
    assert LINES.get(pk=first.pk).deleted_at is not None


def test_lines_that_are_not_sent_stay(people: People, document: Order) -> None:
    assert save(people.alice, document, name="改名").status_code == 302
    assert len(lines_of(document)) == 2
    document.refresh_from_db()
    assert str(document.total) == "131.49"


def test_the_documents_history_tells_what_happened_to_its_lines(
    people: People, document: Order, paper: Article
) -> None:
    first, second = lines_of(document)
    rows = [
        typed(0, paper, "4", "10.5", line=first),
        typed(1, paper, "1", "99.99", line=second) | {"lines-1-removed": "1"},
        typed(2, paper, "7", "1", remarks="赠品"),
    ]
    save(people.alice, document, *rows)
    page = text(as_(people.alice).get(f"/tests/order/{document.pk}/tab/changes/"))
    assert "第 1 行" in page and "数量 3" in page and "数量 4" in page
    assert "产品 打印纸" in page and "数量 7" in page and "备注 赠品" in page


def test_only_a_line_that_changed_is_in_the_history(people: People, document: Order, paper: Article) -> None:
    first, second = lines_of(document)
    same = [typed(0, paper, "3", "10.5", line=first), typed(1, paper, "1", "99.99", line=second)]
    save(people.alice, document, *same)
    assert Change.objects.filter(content_type__model="order").count() == 1
    assert [line.version for line in lines_of(document)] == [1, 1]


def test_lines_of_another_document_are_out_of_reach(people: People, document: Order, paper: Article) -> None:
    other = order(people.alice, "别的")
    line = lines_of(document)[0]
    for sent in (line.pk, 999_999, "x", f"{line.pk} "):
        answer = save(people.alice, other, typed(0, paper, "9", "9") | {"lines-0-id": str(sent)})
        assert answer.status_code == 422, sent
    before = line.version
    line.refresh_from_db()
    assert (line.order, line.version, str(line.quantity)) == (document, before, "3.0000")
    assert not lines_of(other)
    assert as_(people.alice).post(NEW, {"name": "偷", **typed(0, paper, "1", "1", line=line)}).status_code == 422


def test_a_line_sent_twice_is_refused(people: People, document: Order, paper: Article) -> None:
    line = lines_of(document)[0]
    rows = [typed(0, paper, "4", "10.5", line=line), typed(1, paper, "5", "10.5", line=line)]
    assert save(people.alice, document, *rows).status_code == 422


def test_a_product_that_one_may_not_see_cannot_be_chosen_but_stays(people: People, document: Order) -> None:
    secret = article(people.charlie, "别组的产品")
    assert as_(people.alice).post(NEW, {"name": "偷看", **typed(0, secret, "1", "1")}).status_code == 422
    line = lines_of(document)[0]
    LINES.filter(pk=line.pk).update(product=secret)
    page = text(as_(people.alice).get(edit_of(document)))
    assert "别组的产品" not in page
    assert save(people.alice, document, typed(0, secret, "8", "1", line=line)).status_code == 302
    line.refresh_from_db()
    assert (line.product, str(line.quantity)) == (secret, "8.0000")


def test_a_pasted_name_finds_its_record(people: People, paper: Article) -> None:
    article(people.alice, "同名")
    article(people.alice, "同名")
    rows = typed(0, "?打印纸", "1", "1") | typed(1, f"?{paper.number}", "1", "1")
    assert as_(people.alice).post(NEW, {"name": "首批", **rows}).status_code == 302
    assert {line.product for line in LINES.all()} == {paper}
    wrong = typed(0, "?没有的", "1", "1") | typed(1, "?同名", "1", "1")
    page = text(as_(people.alice).post(NEW, {"name": "首批", **wrong}))
    assert "找不到「没有的」" in page and "有多个「同名」" in page and '<option value="?没有的" selected>' in page


def test_the_drawer_leads_to_the_page(people: People, entity: Entity) -> None:
    answer = as_(people.alice).get(f"{NEW}?name=首批", headers=DRAWER)
    assert answer.status_code == 204 and answer.headers["HX-Redirect"].startswith(NEW)


def test_two_hundred_lines_cost_as_many_statements_as_two(people: People, paper: Article) -> None:
    def cost(count: int) -> tuple[int, int]:
        rows: dict[str, str] = {}
        for number in range(count):
            rows |= typed(number, paper, "2", f"{number}.5")
        client = as_(people.alice)
        with CaptureQueriesContext(connection) as writing:
            assert client.post(NEW, {"name": "首批", **rows}).status_code == 302
        made = ORDERS.latest("pk")
        with CaptureQueriesContext(connection) as reading:
            assert client.get(edit_of(made)).status_code == 200
        return len(writing), len(reading)

    cost(1)  # fills the caches
    few, many = cost(2), cost(200)
    assert many[1] == few[1] <= 14
    assert many[0] <= few[0] + 4, "COPY instead of INSERT"
    assert LINES.count() == 203


class TestTwoEditors:
    """Alice opens the form; before she saves, Carol changes line 1 and adds a third."""

    @pytest.fixture
    def seen(self, document: Order) -> tuple[Order, OrderLine, OrderLine]:
        return (document, *lines_of(document))  # type: ignore[return-value]

    def carol(self, people: People, document: Order, *rows: dict[str, str]) -> None:
        assert save(people.carol, ORDERS.get(pk=document.pk), *rows).status_code == 302

    def test_the_second_is_told_and_chooses(self, people: People, seen: Any, paper: Article) -> None:
        document, first, second = seen
        self.carol(people, document, typed(0, paper, "4", "10.5", line=first), typed(9, paper, "1", "7"))
        mine = typed(0, paper, "5", "10.5", line=first), typed(1, paper, "1", "88", line=second)
        told = save(people.alice, document, *mine)
        page = text(told)
        assert told.status_code == 409 and "王芳" in page and "第 1 行 · 数量" in page
        assert '<input type="radio" name="take_lines-0-quantity" value="mine" checked>' in page
        assert 'value="88"' in page and 'value="7"' in page, "what was typed, and the line that came"
        now = versions(told)
        for choice, quantity in (("theirs", "4"), ("mine", "5")):
            again = save(people.alice, document, *mine, **{**now, "take_lines-0-quantity": choice})
            assert again.status_code == 302
            stored = lines_of(document)
            assert [f"{line.quantity.normalize():f}" for line in stored] == [quantity, "1", "1"]
            assert str(stored[1].price) == "88.0000"
            document.refresh_from_db()
            now = {"version": document.version} | {
                f"lines-{n}-version": str(line.version) for n, line in enumerate(stored)
            }

    def test_all_at_once(self, people: People, seen: Any, paper: Article) -> None:
        document, first, _second = seen
        self.carol(people, document, typed(0, paper, "4", "11", line=first))
        mine = typed(0, paper, "5", "12", line=first)
        told = save(people.alice, document, mine)
        chosen = {**versions(told), "take_lines-0-quantity": "mine", "take_lines-0-price": "mine", "take_all": "theirs"}
        assert save(people.alice, document, mine, **chosen).status_code == 302
        line = lines_of(document)[0]
        assert (str(line.quantity), str(line.price)) == ("4.0000", "11.0000")

    def test_a_line_that_one_changed_and_the_other_removed(self, people: People, seen: Any, paper: Article) -> None:
        document, first, second = seen
        self.carol(people, document, typed(0, paper, "3", "10.5", line=first) | {"lines-0-removed": "1"})
        mine = typed(0, paper, "5", "10.5", line=first)
        told = save(people.alice, document, mine)
        assert told.status_code == 409 and 'name="take_lines-0"' in text(told) and "已移除" in text(told)
        dropped = save(people.alice, document, mine, **{**versions(told), "take_lines-0": "theirs"})
        assert dropped.status_code == 302 and [line.pk for line in lines_of(document)] == [second.pk]
        document.refresh_from_db()
        kept = save(people.alice, document, mine, **{"take_lines-0": "mine"})
        assert kept.status_code == 302 and len(lines_of(document)) == 2

    def test_a_line_that_one_removed_and_the_other_changed(self, people: People, seen: Any, paper: Article) -> None:
        document, first, _second = seen
        self.carol(people, document, typed(0, paper, "4", "10.5", line=first))
        mine = typed(0, paper, "3", "10.5", line=first) | {"lines-0-removed": "1"}
        told = save(people.alice, document, mine)
        assert told.status_code == 409
        chosen = {**versions(told), "take_lines-0": "theirs"}
        assert save(people.alice, document, mine, **chosen).status_code == 302
        assert str(lines_of(document)[0].quantity) == "4.0000"

    def test_lines_that_nobody_else_touched_are_no_conflict(self, people: People, seen: Any, paper: Article) -> None:
        document, first, second = seen
        self.carol(people, document, typed(0, paper, "4", "10.5", line=first))
        assert save(people.alice, document, typed(1, paper, "2", "99.99", line=second)).status_code == 302
        assert [f"{line.quantity.normalize():f}" for line in lines_of(document)] == ["4", "2"]


def test_the_last_used_value_comes_back_where_it_is_declared(people: People, entity: Entity) -> None:
    as_(people.alice).post(NEW, {"name": "首批", "terms": "月结 30 天"})
    assert 'value="月结 30 天"' in text(as_(people.alice).get(NEW))
    assert 'value="预付"' in text(as_(people.alice).get(NEW, {"terms": "预付"}))
    assert "月结 30 天" not in text(as_(people.bob).get(NEW))
