"""The one door for writes keeps numbers, history, owners, search text and version."""

import re

import pytest
from django.db import DatabaseError, connection, transaction

from crm.kernel.dates import today
from crm.record import write
from crm.record.models import Change, NumberRule, OwnerChange
from crm.testing.people import People
from customers.models import Customer
from tests.customers import make


def changes(customer: Customer) -> list[Change]:
    return list(Change.objects.filter(object_id=customer.pk, content_type__model="customer").order_by("pk"))


def test_a_new_record_gets_number_owner_department_and_history(people: People) -> None:
    customer = make.customer(people.alice)
    customer = Customer.objects.get(pk=customer.pk)
    assert re.fullmatch(rf"KH{today():%Y%m%d}\d{{4}}", customer.number)
    assert (customer.created_by, customer.department) == (people.alice, people.east_one)
    assert [change.action for change in changes(customer)] == ["create"]


def test_numbers_follow_each_other_in_the_order_of_the_records(people: People) -> None:
    records = [Customer(name=str(i)) for i in range(3)]
    for record in records:
        record.pool, record.pool_state = people.company, "idle"
    write.insert(records, people.alice)
    serials = [int(record.number[-4:]) for record in records]
    assert serials == [serials[0], serials[0] + 1, serials[0] + 2]


def test_the_administrators_number_rule_is_followed(people: People) -> None:
    NumberRule.objects.create(entity="customers.customer", pattern="C-{yyyy}-{000000}")
    assert make.customer(people.alice).number == f"C-{today():%Y}-000001"


def test_a_change_is_logged_with_its_old_and_new_value_and_counts_the_version_up(people: People) -> None:
    customer = make.customer(people.alice, phone="021-58888888")
    customer = Customer.objects.get(pk=customer.pk)
    customer.phone = "021-58888889"
    write.update([customer], people.bob)
    change = changes(customer)[-1]
    assert change.fields == {"phone": ["021-58888888", "021-58888889"]}
    assert (change.by, Customer.objects.get(pk=customer.pk).version) == (people.bob, 2)


def test_an_update_that_changes_nothing_writes_nothing(people: People) -> None:
    customer = Customer.objects.get(pk=make.customer(people.alice).pk)
    write.update([customer], people.bob)
    assert len(changes(customer)) == 1
    assert Customer.objects.get(pk=customer.pk).version == 1


def test_many_records_are_updated_each_with_its_own_history(people: People) -> None:
    customers = [make.customer(people.alice, name=f"客户{i}") for i in range(3)]
    loaded = list(Customer.objects.filter(pk__in=[c.pk for c in customers]).order_by("pk"))
    for customer in loaded[:2]:
        customer.address = f"{customer.name}路"
    write.update(loaded, people.alice)
    assert [len(changes(c)) for c in loaded] == [2, 2, 1]
    assert Customer.objects.get(pk=loaded[1].pk).address == "客户1路"
    assert Customer.objects.get(pk=loaded[0].pk).created_by == people.alice


def test_the_number_of_queries_does_not_grow_with_the_records(people: People) -> None:
    def cost(count: int) -> int:
        records = [Customer(name=f"公司{i}", pool=people.company, pool_state="idle") for i in range(count)]
        with connection.execute_wrapper(counter := Counter()):
            write.insert(records, people.alice)
        return counter.number

    cost(1)
    assert cost(2) == cost(40)


class Counter:
    """Counts statements."""

    number = 0

    def __call__(self, execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        self.number += 1
        return execute(sql, params, many, context)


def test_a_new_owner_is_a_row_in_the_owner_history(people: People) -> None:
    customer = Customer.objects.get(pk=make.customer(people.alice).pk)
    customer.owner = people.charlie
    write.update([customer], people.carol, action="transfer", reason="区域调整")
    first, second = OwnerChange.objects.filter(object_id=customer.pk).order_by("pk")
    assert (first.from_owner, first.to_owner) == (None, people.alice)
    assert (second.from_owner, second.to_owner, second.by, second.reason) == (
        people.alice,
        people.charlie,
        people.carol,
        "区域调整",
    )
    assert Customer.objects.get(pk=customer.pk).department == people.west


def test_a_deleted_record_is_hidden_and_can_be_restored(people: People) -> None:
    customer = Customer.objects.get(pk=make.customer(people.alice).pk)
    write.delete([customer], people.alice)
    assert not Customer.objects.visible_to(people.root).filter(pk=customer.pk).exists()
    write.restore([Customer.objects.get(pk=customer.pk)], people.root)
    assert Customer.objects.visible_to(people.alice).filter(pk=customer.pk).exists()


@pytest.mark.parametrize("table", ["record_change", "record_ownerchange"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET action = 'x'", "DELETE FROM {}"])
def test_history_can_be_neither_changed_nor_deleted(people: People, table: str, statement: str) -> None:
    make.customer(people.alice)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))
