"""Many rows go in by COPY; what stands in the table is the same as by INSERT."""

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from crm.kernel.dates import now
from crm.record.models import Change
from crm.record.rows import MANY, insert_rows
from crm.testing.people import People
from customers import pool
from customers.models import Contact, Customer
from tests.customers import make

pytestmark = pytest.mark.django_db


def changes(count: int, people: People) -> list[Change]:
    content_type = ContentType.objects.get_for_model(Customer)
    odd = {"name": ['tab\t"quoted"\\N', None, "行\n二"]}
    return [
        Change(content_type=content_type, object_id=n, at=now(), by=people.alice, action="create", fields=odd)
        for n in range(count)
    ]


@pytest.mark.parametrize("count", [0, 1, MANY - 1, MANY, 3 * MANY])
def test_any_number_of_rows_goes_in_with_ids_and_the_same_values(count: int, people: People) -> None:
    rows = changes(count, people)
    insert_rows(rows)
    stored = list(Change.objects.order_by("pk"))
    assert [row.pk for row in rows] == [row.pk for row in stored]
    assert [(row.object_id, row.at, row.by_id, row.fields) for row in rows] == [
        (row.object_id, row.at, row.by_id, row.fields) for row in stored
    ]
    assert not any(row._state.adding for row in rows)
    insert_rows(changes(1, people))
    assert Change.objects.count() == count + 1, "the next id is free"


def test_many_rows_cost_as_many_queries_as_a_hundred(people: People) -> None:
    def queries(count: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            insert_rows(changes(count, people))
        return len(captured)

    assert queries(MANY) == queries(20 * MANY)


def test_a_broken_constraint_is_an_integrity_error_and_nothing_stays(people: People) -> None:
    customer = make.customer(people.alice)
    contacts = [
        Contact(customer=customer, name=str(n), primary=True, created_at=now(), updated_at=now()) for n in range(MANY)
    ]
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows(contacts)
    assert Contact.objects.count() == 0


def test_records_with_every_kind_of_value_come_back_equal(people: People) -> None:
    records = []
    for n in range(MANY):
        record = Customer(name=f"万  科Ａ{n}", remarks="a\tb\\c\nd", created_at=now(), updated_at=now())
        pool.release(record, people.company, state="idle")
        records.append(record)
    insert_rows(records)
    values = [{f.attname: getattr(r, f.attname) for f in Customer._meta.concrete_fields} for r in records]
    assert values == list(Customer.objects.order_by("pk").values(*values[0]))
