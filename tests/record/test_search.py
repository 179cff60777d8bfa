"""The search condition in the database."""

import pytest
from django.db import connection, transaction

from crm.kernel.text.pieces import search_text
from crm.record import write
from crm.record.search import matches
from crm.testing.people import People
from customers.models import Contact, Customer, CustomerFollowUp
from tests.customers import make
from tests.kernel.test_search import entries, queries


def test_every_query_finds_in_the_database_what_it_should(people: People) -> None:
    made = {key: make.customer(people.alice, name=parts[0][0]) for key, parts in entries().items()}
    for key, parts in entries().items():
        Customer.objects.filter(pk=made[key].pk).update(search=search_text(*parts))
    keys = {customer.pk: key for key, customer in made.items()}
    wrong = {
        query: (found, expected)
        for query, expected in queries()
        if (found := {keys[pk] for pk in Customer.objects.filter(matches(query)).values_list("pk", flat=True)})
        != expected
    }
    assert wrong == {}


def test_a_record_is_found_by_its_own_fields(people: People) -> None:
    customer = make.customer(people.alice, name="杭州未来科技有限公司", phone="0571-8666 8899")
    contact = make.contact(customer, people.alice, "单雄信", email="xiong.shan@example.com")
    follow_up = make.follow_up(customer, people.alice, "对方最关心应收账款和对账")
    for query in ("wlkj", "8899", customer.number, customer.number[-4:]):
        assert list(Customer.objects.filter(matches(query))) == [customer]
    for query in ("shanxiong", "xiong.shan@example.com", "example"):
        assert list(Contact.objects.filter(matches(query))) == [contact]
    assert list(CustomerFollowUp.objects.filter(matches("应收账款"))) == [follow_up]
    assert list(Contact.objects.filter(matches("weilai", "customer__search"))) == [contact]


def test_a_renamed_record_is_found_by_its_new_name_only(people: People) -> None:
    customer = make.customer(people.alice, name="杭州未来科技有限公司")
    customer.name = "上海远航物流有限公司"
    write.update([customer], people.alice)
    assert not Customer.objects.filter(matches("未来")).exists()
    assert list(Customer.objects.filter(matches("yuanhang"))) == [customer]


@pytest.mark.parametrize("query", ["未来", "wlkj", "weilai", "8899", "weil"])
def test_the_index_can_answer_every_kind_of_query(people: People, query: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = Customer.objects.filter(matches(query)).explain()
    assert "Bitmap Index Scan on customer_search" in plan


@pytest.mark.parametrize("query", ["%", "_", "'", "\\", "--", "😀", "\x00"])
def test_signs_alone_find_nothing(people: People, query: str) -> None:
    make.customer(people.alice)
    assert not Customer.objects.filter(matches(query)).exists()
