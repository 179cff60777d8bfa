"""What a pool customer's history tells of its contact details."""

import pytest

from crm.entity.history import entries
from crm.kernel import registry
from crm.record import write
from crm.record.history import changes_of
from crm.record.names import names
from crm.testing.people import People
from customers import pool
from customers.models import Customer
from tests.customers import make

pytestmark = pytest.mark.django_db


def told(customer: Customer, people: People) -> str:
    entity = registry.get("customers.customer")
    found = entries(entity, customer, list(changes_of(customer)), people.alice, names())
    return " ".join(f"{field.old} {field.new}" for entry in found for field in entry.fields)


def test_old_numbers_are_masked_with_the_present_one_until_somebody_owns_the_customer(people: People) -> None:
    for right in people.seller.grants.all():
        right.actions = [name for name in right.actions if name != "reveal"]
        right.save()
    customer = Customer.objects.get(pk=make.customer(people.alice, phone="13812345678").pk)
    customer.phone = "13900001111"
    write.update([customer], people.alice)
    assert "13812345678" in told(customer, people)

    pool.release(customer, pool.company_pool())
    write.update([customer], people.alice)

    assert "13812345678" not in told(customer, people) and "13900001111" not in told(customer, people)
