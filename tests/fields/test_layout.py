"""Form layouts: what a saved one changes, and what is shown only sometimes."""

from typing import Any

import pytest

from crm.entity.forms import form_class
from crm.entity.layout import layout
from crm.fields.models import FormLayout
from crm.kernel import registry
from crm.testing.custom import define
from crm.testing.factory import build
from crm.testing.people import People
from customers.models import Customer

CUSTOMER = registry.get("customers.customer")


def arrange(*fields: str, conditions: list[dict[str, Any]] | None = None) -> None:
    """A form of one section."""
    sections = [{"label": "主要", "label_en": "Main", "columns": 1, "folded": False, "fields": list(fields)}]
    FormLayout.objects.create(entity=CUSTOMER.key, sections=sections, conditions=conditions or [])


def test_without_a_layout_the_form_is_as_declared(people: People) -> None:
    assert layout(CUSTOMER).fields == CUSTOMER.fields


def test_a_saved_layout_orders_the_form_and_never_loses_what_is_required(people: People) -> None:
    arrange("phone", "region", "no_such_field")
    assert layout(CUSTOMER).fields == ["phone", "region", "name"]
    assert list(form_class(CUSTOMER, people.alice).base_fields)[-3:] == ["phone", "region", "name"]


def test_a_new_custom_field_appears_although_the_layout_is_older(people: People) -> None:
    arrange("name")
    field = define(CUSTOMER, "text", section=3)
    assert layout(CUSTOMER).fields == ["name", field.name]


def test_the_layout_of_one_list_leaves_the_others_alone(people: People) -> None:
    arrange("name")
    assert layout(registry.get("customers.pool")).fields == CUSTOMER.fields


class TestConditions:
    """`region` shows for the classes A and B, a required custom field for A alone."""

    @pytest.fixture(autouse=True)
    def _arranged(self, people: People) -> None:
        self.people = people
        self.own = define(CUSTOMER, "text", required=True).name
        conditions = [
            {"field": "region", "when": "customer_class", "values": ["A", "B"]},
            {"field": self.own, "when": "customer_class", "values": ["A"]},
        ]
        arrange("name", "customer_class", "region", self.own, conditions=conditions)

    def sent(self, customer: Customer | None = None, **data: str) -> Any:
        """The form as it was sent."""
        made = form_class(CUSTOMER, self.people.alice, customer)
        return made(data, instance=customer or CUSTOMER.model(), user=self.people.alice)

    def test_what_is_shown_is_required_and_written(self) -> None:
        assert self.own in self.sent(name="甲", customer_class="A").errors
        form = self.sent(**{"name": "甲", "customer_class": "A", "region": "沪", self.own: "值"})
        assert form.is_valid() and form.instance.region == "沪" and form.instance.custom == {self.own: "值"}

    def test_what_is_not_shown_is_neither_required_nor_written(self) -> None:
        form = self.sent(**{"name": "甲", "customer_class": "C", "region": "沪", self.own: "值"})
        assert form.is_valid() and form.instance.region == "" and form.instance.custom == {}

    def test_what_is_no_longer_shown_stays_as_it_is_stored(self) -> None:
        customer = build(CUSTOMER, self.people.alice, region="沪", customer_class="A")
        form = self.sent(customer, name="甲", customer_class="C", region="")
        assert form.is_valid() and form.instance.region == "沪"

    def test_the_page_knows_the_rule(self) -> None:
        widget = str(form_class(CUSTOMER, self.people.alice)(user=self.people.alice)["region"])
        assert 'data-shown-when="customer_class"' in widget and 'data-shown-for="A B"' in widget
