"""The recycle bin."""

import pytest
from django.test import Client

from crm.record import write
from crm.testing.people import People
from customers.models import Customer
from tests.customers import make

PAGE = "/recycle-bin/?kind=customers.customer"


def signed_in(user: object) -> Client:
    client = Client()
    client.force_login(user, backend="crm.org.auth.Backend")  # type: ignore[arg-type]
    return client


@pytest.fixture
def deleted(people: People) -> Customer:
    customer = Customer.objects.get(pk=make.customer(people.alice, name="误删的客户").pk)
    write.delete([customer], people.alice)
    return customer


def test_an_administrator_restores_what_was_deleted(people: People, deleted: Customer) -> None:
    root = signed_in(people.root)
    assert "误删的客户" in root.get(PAGE).content.decode()
    root.post(f"/recycle-bin/customers/customer/{deleted.pk}/restore/")
    assert Customer.objects.visible_to(people.alice).filter(pk=deleted.pk).exists()
    assert root.post(f"/recycle-bin/customers/customer/{deleted.pk}/restore/").status_code == 404


def test_nobody_else_reaches_it(people: People, deleted: Customer) -> None:
    alice = signed_in(people.alice)
    assert alice.get(PAGE).status_code == 403
    assert alice.post(f"/recycle-bin/customers/customer/{deleted.pk}/restore/").status_code == 403
    assert not Customer.objects.visible_to(people.alice).exists()
