"""Indexes over custom fields follow the definitions."""

import pytest
from django.db import connection

from crm.entity.columns import bind
from crm.fields.models import CustomField, CustomKind
from crm.kernel import registry
from crm.record.custom_indexes import carry_out, plan
from crm.testing.custom import define
from customers.models import Customer

CUSTOMER = registry.get("customers.customer")


@pytest.mark.django_db(transaction=True)
def test_they_are_built_used_and_dropped() -> None:
    made = [define(CUSTOMER, kind, filterable=True) for kind in CustomKind.values if kind != CustomKind.LONG]
    todo = plan()
    assert len(todo.build) == len(made)
    carry_out(todo)
    assert not plan(), "what is there is what is asked for"
    day = next(field for field in made if field.kind == CustomKind.DATE)
    lookup = bind(Customer, day.name).lookup
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        rows = Customer.objects.alive().filter(**{f"{lookup}__gte": "2031-01-01"})
        assert f"custom_cf_{day.pk}" in rows.explain()
        cursor.execute("RESET enable_seqscan")
    CustomField.objects.filter(pk=day.pk).update(active=False)
    assert plan().drop == (f"custom_cf_{day.pk}",)
    number = next(field for field in made if field.kind == CustomKind.NUMBER)
    CustomField.objects.filter(pk=number.pk).update(decimals=2)
    assert set(plan().drop) == {f"custom_cf_{day.pk}", f"custom_cf_{number.pk}"}, "another type is another index"
    CustomField.objects.all().delete()
    carry_out(plan())
    assert not plan()
