"""The tabs that tell what happened, in words that their reader may know."""

import pytest

from crm.record import write
from crm.testing.people import People
from customers.models import Customer
from tests.customers import make
from tests.web.record_pages import as_, text

pytestmark = pytest.mark.django_db


def history(people: People, user: str, customer: Customer, tab: str = "changes") -> str:
    page = text(as_(getattr(people, user)).get(f"/customers/customer/{customer.pk}/", {"tab": tab}))
    return page.split('class="history"')[1].split("</ol>")[0]


def test_fields_are_named_and_values_are_readable(people: People) -> None:
    old, new = make.option("customers.kind", "意向客户"), make.option("customers.kind", "成交客户")
    customer = make.customer(people.alice, kind=old, customer_class="A")
    customer = Customer.objects.get()
    customer.kind, customer.customer_class, customer.phone = new, "", "021-58880001"
    write.update([customer], people.alice)
    told = history(people, "alice", customer)
    assert "李娜" in told and "修改" in told and "新建" in told
    for label, before, after in (
        ("客户种类", "意向客户", "成交客户"),
        ("客户分类", "A", "--"),
        ("电话", "--", "021-58880001"),
    ):
        assert f'<span class="label">{label}</span> <del>{before}</del>' in told
        assert f"<ins>{after}</ins>" in told


def test_other_records_are_named_only_to_whom_they_are_visible(people: People) -> None:
    parent = make.customer(people.charlie, name="机密总部")
    make.customer(people.alice, name="上海华信")
    customer = Customer.objects.get(name="上海华信")
    customer.parent = parent
    write.update([customer], people.root)
    assert "<ins>机密总部</ins>" in history(people, "root", customer)
    told = history(people, "alice", customer)
    assert "机密总部" not in told and "<ins>（无权查看）</ins>" in told


def test_the_owner_history_says_from_whom_to_whom_and_why(people: People) -> None:
    customer = make.customer(people.alice)
    as_(people.alice).post(
        f"/customers/customer/{customer.pk}/do/transfer/", {"owner": people.bob.pk, "reason": "调岗"}
    )
    told = history(people, "carol", customer, "owners")
    assert "<del>李娜</del>" in told and "<ins>张伟</ins>" in told and "调岗" in told and "转移" in told


def test_a_child_has_no_owner_history_of_its_own(people: People) -> None:
    contact = make.contact(make.customer(people.alice), people.alice)
    assert "tab/owners/" not in text(as_(people.alice).get(f"/customers/contact/{contact.pk}/"))


def test_long_histories_come_in_pages_without_gaps(people: People) -> None:
    make.customer(people.alice)
    customer = Customer.objects.get()
    for number in range(60):
        customer.region = f"地区{number}。"
        write.update([customer], people.alice)
    client, url = as_(people.alice), f"/customers/customer/{customer.pk}/tab/changes/"
    first = text(client.get(url))
    before = first.split("?before=")[1].split('"')[0]
    second = text(client.get(url, {"before": before}))
    shown = [f"<ins>地区{number}。</ins>" for number in range(60)]
    assert [line in first for line in shown] == [number >= 10 for number in range(60)]
    assert [line in second for line in shown] == [number < 10 for number in range(60)]
    assert "?before=" not in second and client.get(url, {"before": "x'"}).status_code == 200
