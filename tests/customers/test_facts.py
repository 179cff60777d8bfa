"""What a customer shows of its contacts and follow-ups."""

from datetime import timedelta

from crm.kernel.dates import now
from crm.record import write
from crm.testing.people import People
from customers.models import Contact, Customer, CustomerFollowUp
from tests.customers import make


def test_the_newest_record_is_the_customers_last_follow_up(people: People) -> None:
    customer = make.customer(people.alice)
    new = make.follow_up(customer, people.alice, "拜访，确认了需求", at=now() - timedelta(days=1))
    make.follow_up(customer, people.alice, "首次电话", at=now() - timedelta(days=9))
    make.follow_up(customer, people.alice, "下周再访", kind="plan", at=now() + timedelta(days=7))
    customer = Customer.objects.get(pk=customer.pk)
    assert (customer.last_follow_up, customer.last_follow_up_at) == ("拜访，确认了需求", new.at)
    assert customer.next_follow_up_at is not None and customer.next_follow_up_at > now()


def test_deleting_the_last_follow_up_brings_the_one_before_back(people: People) -> None:
    customer = make.customer(people.alice)
    make.follow_up(customer, people.alice, "首次电话", at=now() - timedelta(days=9))
    last = make.follow_up(customer, people.alice, "误录")
    write.delete([CustomerFollowUp.objects.get(pk=last.pk)], people.alice)
    assert Customer.objects.get(pk=customer.pk).last_follow_up == "首次电话"


def test_the_state_after_the_follow_up_becomes_the_customers(people: People) -> None:
    customer = make.customer(people.alice)
    keen, cold = make.option("customers.status", "意向强"), make.option("customers.status", "暂无意向")
    make.follow_up(customer, people.alice, status_after=keen, at=now() - timedelta(days=1))
    make.follow_up(customer, people.alice, status_after=cold, at=now() - timedelta(days=2))
    make.follow_up(customer, people.alice)
    assert Customer.objects.get(pk=customer.pk).status == keen


def primaries(customer: Customer) -> list[str]:
    rows = Contact.objects.filter(customer=customer, primary=True, deleted_at=None)
    return list(rows.values_list("name", flat=True))


def test_the_first_contact_is_primary_until_another_takes_it(people: People) -> None:
    customer = make.customer(people.alice)
    make.contact(customer, people.alice, "陈静")
    make.contact(customer, people.alice, "刘洋")
    assert primaries(customer) == ["陈静"]
    make.contact(customer, people.alice, "杨帆", primary=True)
    assert primaries(customer) == ["杨帆"]


def test_somebody_stays_primary_when_the_mark_is_taken_away_or_the_contact_deleted(people: People) -> None:
    customer = make.customer(people.alice)
    first, second = make.contact(customer, people.alice, "陈静"), make.contact(customer, people.alice, "刘洋")
    write.delete([Contact.objects.get(pk=first.pk)], people.alice)
    assert primaries(customer) == ["刘洋"]
    only = Contact.objects.get(pk=second.pk)
    only.primary = False
    write.update([only], people.alice)
    assert primaries(customer) == ["刘洋"]


def test_a_contact_that_moves_leaves_a_primary_behind_and_does_not_push_one_aside(people: People) -> None:
    here, there = make.customer(people.alice, name="甲"), make.customer(people.alice, name="乙")
    moving = make.contact(here, people.alice, "陈静")
    make.contact(here, people.alice, "刘洋")
    make.contact(there, people.alice, "杨帆")
    moving = Contact.objects.get(pk=moving.pk)
    moving.customer, moving.primary = there, False
    write.update([moving], people.alice)
    assert (primaries(here), primaries(there)) == (["刘洋"], ["杨帆"])
