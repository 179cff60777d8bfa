"""Search over all kinds of records: what is found, in which order, by whom, and at which cost."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.fields.models import CustomField, FieldRule, Level
from crm.org.auth import Backend
from crm.org.models import Scope, User
from crm.record import write
from crm.search.find import MOST, recent, search, searchable
from crm.search.rank import Match
from crm.testing.people import People, all_permissions, grant
from customers.models import Customer
from tests.customers import make


def found(user: User, query: str, **options: bool) -> dict[str, list[str]]:
    """Entity → titles, as the palette shows them."""
    return {group.entity.name: [str(hit.title) for hit in group.hits] for group in search(user, query, **options)}


def test_the_order_of_matches_within_an_entity(people: People) -> None:
    alice = people.alice
    # Made in the reverse order, so that the newest is not by chance the best.
    phone = make.customer(alice, name="大连远洋食品", phone="021-58886688")
    within = make.customer(alice, name="北京联华6688商贸")
    beginning = make.customer(alice, name="6688连锁酒店")
    exact = make.customer(alice, name="青岛啤酒")
    Customer.objects.filter(pk=exact.pk).update(number="6688")
    titles = found(alice, "6688")["customer"]
    assert titles == [exact.name, beginning.name, within.name, phone.name]


def test_initials_before_full_pinyin_before_letters_inside(people: People) -> None:
    alice = people.alice
    make.customer(alice, name="Coolan Trading")  # inside a word
    make.customer(alice, name="兰州面粉")  # lan zhou
    make.customer(alice, name="李安娜美容")  # L A N
    make.customer(alice, name="LAN 网络")  # begins so
    assert found(alice, "lan")["customer"] == ["LAN 网络", "李安娜美容", "兰州面粉", "Coolan Trading"]


def test_a_name_that_begins_so_comes_first_however_old_it_is(people: People) -> None:
    first = make.customer(people.alice, name="科技之光")
    crowd = [Customer(name=f"杭州{number}科技", owner=people.alice, pool_state="assigned") for number in range(40)]
    write.insert(crowd, people.alice)
    titles = found(people.alice, "科技")["customer"]
    assert titles[0] == first.name and len(titles) == MOST


def test_the_exact_name_comes_before_longer_ones(people: People) -> None:
    short = make.customer(people.alice, name="华信")
    make.customer(people.alice, name="华信科技")
    assert found(people.alice, "华信")["customer"] == [short.name, "华信科技"]


@pytest.mark.parametrize(
    "query", ["上海华信", "shhx", "SHHX", "shanghaihuaxin", "华信科技", "021-5888 1234", "1234", "ＫＨ"]
)
def test_every_way_of_typing_finds_it(people: People, query: str) -> None:
    made = make.customer(people.alice, name="上海华信科技有限公司", phone="021-58881234")
    assert made.name in found(people.alice, query if query != "ＫＨ" else made.number.lower())["customer"]


def test_groups_are_ordered_by_their_best_hit(people: People) -> None:
    customer = make.customer(people.alice, name="杭州陈静美容院")
    make.contact(customer, people.alice, name="陈静")
    make.follow_up(customer, people.alice, content="约了下周见面，陈静会带样品")
    groups = search(people.alice, "陈静")
    assert [group.entity.name for group in groups] == ["contact", "customerfollowup", "customer"]
    assert groups[0].best[0] == Match.BEGINNING


def test_a_follow_up_shows_the_words_around_what_was_typed(people: People) -> None:
    customer = make.customer(people.alice)
    make.follow_up(
        customer, people.alice, content="第一次见面。" * 20 + "他们想要一份\n年度合同的报价。" + "之后再约。" * 20
    )
    (hit,) = next(group for group in search(people.alice, "合同") if group.entity.name == "customerfollowup").hits
    assert hit.title.hit == "合同" and hit.title.before.startswith("…") and "份 年度" in hit.title.before
    assert customer.name in hit.notes


def test_nobody_finds_what_they_may_not_see(people: People) -> None:
    customer = make.customer(people.charlie, name="重庆秘密工厂", phone="023-66778899")
    make.contact(customer, people.charlie, name="秘密联系人", mobile="13866778899")
    make.follow_up(customer, people.charlie, content="秘密报价")
    for query in ("秘密", "mm", "mimi", "8899", customer.number, "重庆秘密工厂"):
        assert found(people.alice, query) == {}, query
        assert found(people.charlie, query), query
    assert len(found(people.root, "秘密")) == 3


def test_entities_out_of_the_users_rights_are_skipped(people: People) -> None:
    customer = make.customer(people.alice, name="华信")
    make.contact(customer, people.alice, name="华信陈静")
    grant(people.seller, "customers.contact", set(), Scope.OWN)
    people.alice.refresh_from_db()
    assert set(found(people.alice, "华信")) == {"customer"}


def test_deleted_records_are_not_found(people: People) -> None:
    made = make.customer(people.alice, name="华信")
    write.delete([made], people.alice)
    assert found(people.alice, "华信") == {}


def test_what_is_hidden_cannot_be_guessed(people: People) -> None:
    make.customer(people.alice, name="上海华信", phone="021-58881234")
    assert found(people.alice, "1234")
    FieldRule.objects.create(role=people.seller, entity="customers.customer", field="phone", level=Level.HIDDEN)
    for query in ("1234", "021-5888", "02158881234"):
        assert found(people.alice, query) == {}, query
    (group,) = search(people.alice, "华信")
    assert "1234" not in str(group.hits[0].notes)
    assert found(people.root, "1234")


def test_of_a_masked_phone_only_the_end_is_found(people: People) -> None:
    make.customer(people.alice, name="上海华信", phone="021-58881234")
    key = "customers.customer"
    grant(people.seller, key, all_permissions(key) - {"reveal"}, Scope.OWN)
    FieldRule.objects.create(role=people.seller, entity=key, field="phone", level=Level.MASKED)
    for query in ("021-5888", "58881", "02158881234", "8812"):
        assert found(people.alice, query) == {}, query
    (group,) = search(people.alice, "1234")
    assert "021****1234" in group.hits[0].notes


def test_custom_fields_are_found_unless_they_are_hidden(people: People) -> None:
    field = CustomField.objects.create(entity="customers.customer", kind="text", label="绰号", searchable=True)
    make.customer(people.alice, name="上海华信", custom={field.name: "黄河之水"})
    assert found(people.alice, "黄河") == {"customer": ["上海华信"]}
    FieldRule.objects.create(role=people.seller, entity="customers.customer", field=field.name, level=Level.HIDDEN)
    assert found(people.alice, "黄河") == {}
    assert found(people.alice, "华信")


def test_numbers_only(people: People) -> None:
    made = make.customer(people.alice, name="华信 2026 年会", phone="021-20261234")
    day = made.number[2:10]
    assert found(people.alice, day, numbers=True)["customer"] == [made.name]
    assert found(people.alice, made.number[-6:], numbers=True)["customer"] == [made.name]
    assert found(people.alice, "20261234", numbers=True) == {}
    assert found(people.alice, "华信", numbers=True) == {}


def test_one_statement_for_each_entity(people: People) -> None:
    customer = make.customer(people.alice, name="华信")
    for number in range(5):
        make.contact(customer, people.alice, name=f"华信{number}")
        make.follow_up(customer, people.alice, content=f"华信{number}")
    alice = Backend().get_user(people.alice.pk)  # as a request has it: with the organisation's stamp
    assert alice is not None
    search(alice, "华信")  # fills the caches
    with CaptureQueriesContext(connection) as queries:
        assert [len(group.hits) for group in search(alice, "华信")] == [1, 5, 5]
    assert len(queries) == 3


@pytest.mark.parametrize(
    "query", ["", " ", "'", "%", "\\", "'; drop table x", "\x00", "x" * 5000, "。", "１２", "🙂", "^科", "a'b"]
)
def test_whatever_is_typed_is_answered(people: People, query: str) -> None:
    make.customer(people.alice, name="华信")
    search(people.alice, query.replace("\x00", ""))


def test_recent_records_are_checked_again(people: People) -> None:
    mine = make.customer(people.alice, name="华信")
    theirs = make.customer(people.charlie, name="远洋")
    contact = make.contact(mine, people.alice, name="陈静")
    kept = [("customers.contact", contact.pk), ("customers.customer", theirs.pk), ("customers.customer", mine.pk)]
    kept += [("customers.nothing", 1), ("customers.customer", 999_999_999)]
    assert [str(hit.title) for hit in recent(people.alice, kept)] == ["陈静", "华信"]


def test_records_are_searched_in_the_order_of_the_navigation(people: People) -> None:
    assert [entity.name for entity in searchable(people.alice)] == ["customer", "contact", "customerfollowup"]
