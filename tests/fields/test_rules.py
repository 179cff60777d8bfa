"""Field permissions and masks: what a role may not see is absent everywhere, what it may not write stays."""

from datetime import date

import pytest
from django.test import Client

from crm.entity.catalogue import catalogue
from crm.entity.cells import cell
from crm.entity.forms import form_class
from crm.entity.history import entries
from crm.entity.masking import masked
from crm.fields.models import FieldRule, Level
from crm.kernel import registry
from crm.org.models import Grant, Scope
from crm.record import write
from crm.record.history import changes_of
from crm.record.names import names
from crm.testing.factory import build
from crm.testing.people import People, all_permissions, grant, role, user
from customers import pool
from customers.models import Customer

CUSTOMER, POOL = registry.get("customers.customer"), registry.get("customers.pool")
CONTACT = registry.get("customers.contact")
PHONE = "138 1234 5678"


def rule(
    people: People, level: str, field: str = "phone", to: object = None, entity: str = "customers.customer"
) -> None:
    """Narrow a field for sellers."""
    FieldRule.objects.create(role=to or people.seller, entity=entity, field=field, level=level)  # type: ignore[misc]


def without_reveal(people: People) -> None:
    """Sellers may not see full numbers."""
    for key in ("customers.customer", "customers.contact"):
        grant(people.seller, key, all_permissions(key) - {"reveal"}, Scope.OWN)


@pytest.mark.parametrize(
    ("value", "kind", "seen"),
    [
        ("13812348000", "phone", "138****8000"),
        ("138 1234 8000", "phone", "138****8000"),
        ("021-5888 8899", "phone", "021****8899"),
        ("58888899", "phone", "****8899"),
        ("12345", "phone", "****"),
        ("6222 0202 0011 2233", "text", "****2233"),
        ("wang@example.com", "email", "w****@example.com"),
        ("腾讯", "text", "****"),
        (date(1990, 5, 1), "date", "****"),
        (12345678, "integer", "****"),
        ("", "phone", ""),
    ],
)
def test_a_mask_shows_the_ends_only(value: object, kind: str, seen: str) -> None:
    assert masked(value, kind) == seen


def test_of_several_roles_the_most_generous_counts(people: People) -> None:
    rule(people, Level.HIDDEN)
    other = role("客服", Scope.OWN)
    rule(people, Level.READ_ONLY, to=other)
    both = user("both", "两角", people.east_one, people.seller, other)
    assert "phone" not in catalogue(CUSTOMER, people.alice).fields
    assert "phone" in catalogue(CUSTOMER, both).read_only


def test_a_role_that_grants_nothing_here_is_not_generous(people: People) -> None:
    rule(people, Level.HIDDEN)
    elsewhere = role("考勤", Scope.OWN)
    Grant.objects.filter(role=elsewhere, entity="customers.customer").update(actions=[])
    both = user("both", "两角", people.east_one, people.seller, elsewhere)
    assert "phone" not in catalogue(CUSTOMER, both).fields


def test_a_superuser_sees_everything(people: People) -> None:
    rule(people, Level.HIDDEN, to=people.manager)
    people.root.roles.add(people.manager)
    assert "phone" in catalogue(CUSTOMER, people.root).fields


def test_history_says_nothing_of_a_hidden_field_and_masks_a_masked_one(people: People) -> None:
    without_reveal(people)
    customer = build(CUSTOMER, people.alice, phone="021-5888 0001")
    customer.phone = PHONE
    write.update([customer], people.alice)
    known = names()

    def told() -> list[tuple[str, str]]:
        lines = entries(CUSTOMER, customer, list(changes_of(customer)), people.alice, known)
        return [(field.old, field.new) for line in lines for field in line.fields]

    assert told() == [("021-5888 0001", PHONE)]
    rule(people, Level.MASKED)
    assert told() == [("021****0001", "138****5678")]
    FieldRule.objects.update(level=Level.HIDDEN)
    assert told() == []


def test_a_masked_field_is_neither_asked_for_nor_in_the_form_of_a_record(people: People) -> None:
    without_reveal(people)
    rule(people, Level.MASKED)
    customer = build(CUSTOMER, people.alice, phone=PHONE)
    fields = catalogue(CUSTOMER, people.alice)
    column = fields.fields["phone"]
    assert (column.filterable, column.sortable) == (False, False)
    assert cell(column, customer, names()).text == "138****5678" and not cell(column, customer, names()).link
    assert "phone" not in form_class(CUSTOMER, people.alice, customer).base_fields
    assert "phone" in form_class(CUSTOMER, people.alice).base_fields, "whoever types a new one knows it"


def test_the_right_opens_the_mask(people: People) -> None:
    rule(people, Level.MASKED)
    assert catalogue(CUSTOMER, people.alice).fields["phone"].mask is None


@pytest.mark.parametrize(
    ("level", "found"),
    [
        (Level.HIDDEN, {}),
        (Level.MASKED, {"5678", "13812345678", "138 1234 5678"}),
        (Level.READ_ONLY, {"5678", "13812345678", "138 1234 5678", "1234", "12345678", "45678", "2345"}),
    ],
)
def test_a_search_is_no_oracle(people: People, level: str, found: set[str]) -> None:
    without_reveal(people)
    rule(people, level)
    customer = build(CUSTOMER, people.alice, phone=PHONE, name="青铜葵花")
    for query in ("5678", "13812345678", "138 1234 5678", "1234", "12345678", "45678", "2345"):
        hits = Customer.objects.visible_to(people.alice).matching(query)
        assert (customer in hits) == (query in found), query
    for query in ("青铜", "qtkh", customer.number):
        assert customer in Customer.objects.visible_to(people.alice).matching(query), query


def test_a_part_of_the_number_that_is_also_elsewhere_still_finds(people: People) -> None:
    without_reveal(people)
    rule(people, Level.HIDDEN)
    customer = build(CUSTOMER, people.alice, phone=PHONE, name="1234 工作室")
    assert customer in Customer.objects.visible_to(people.alice).matching("1234")


def test_contact_details_are_masked_until_somebody_owns_the_customer(people: People) -> None:
    without_reveal(people)
    customer = build(CUSTOMER, people.alice, phone=PHONE)
    contact = build(CONTACT, people.alice, customer=customer, mobile="13912340000")
    client = Client()
    client.force_login(people.alice, backend="crm.org.auth.Backend")
    page = f"/customers/customer/{customer.pk}/"
    assert PHONE in client.get(page).content.decode()
    pool.release(customer, people.company)
    write.update([customer], people.root)
    shown = client.get(page).content.decode()
    assert PHONE not in shown and "138****5678" in shown
    assert "13912340000" not in client.get(f"/customers/contact/{contact.pk}/").content.decode()
    assert "13912340000" not in client.get("/customers/contact/").content.decode()
    assert not Customer.objects.visible_to(people.alice).matching("12345").exists()
    assert not catalogue(POOL, people.alice).fields["phone"].filterable
    client.force_login(people.root, backend="crm.org.auth.Backend")
    assert PHONE in client.get(page).content.decode()


def test_the_duplicate_hint_compares_and_tells_nothing_hidden(people: People) -> None:
    rule(people, Level.HIDDEN)
    rule(people, Level.HIDDEN, "owner")
    build(CUSTOMER, people.bob, phone=PHONE, name="青铜葵花商贸有限公司")
    client = Client()
    client.force_login(people.alice, backend="crm.org.auth.Backend")
    path = "/customers/customer/duplicates/"
    assert "青铜" not in client.post(path, {"phone": PHONE}).content.decode()
    named = client.post(path, {"name": "青铜葵花商贸"}).content.decode()
    assert "青铜" in named and people.bob.real_name not in named
