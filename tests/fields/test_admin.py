"""The pages on which a CRM manager sets up fields, permissions and forms."""

import pytest
from django.test import Client

from crm.entity.catalogue import catalogue
from crm.entity.layout import layout
from crm.fields.models import CustomField, CustomKind, FieldRule, FormLayout
from crm.kernel import registry
from crm.record.custom import list_key
from crm.record.picklists import PicklistOption
from crm.testing.custom import define
from crm.testing.people import People

CUSTOMER = registry.get("customers.customer")
FIELDS = "/admin/fields/customfield/"


@pytest.fixture
def manager(people: People) -> Client:
    """A browser of somebody who may use the admin site."""
    people.carol.is_staff = True
    people.carol.save()
    client = Client()
    client.force_login(people.carol, backend="crm.org.auth.Backend")
    return client


def typed(client: Client, path: str) -> dict[str, str | list[str]]:
    """What the form at an address would send if it were saved untouched."""
    form = client.get(path).context["adminform"].form
    sent = {name: form[name].value() for name in form.fields}
    return {
        name: [str(v) for v in value] if isinstance(value, list) else str(value)
        for name, value in sent.items()
        if value is not None and value is not False
    }


def test_a_field_is_made_and_then_described(manager: Client, people: People) -> None:
    answer = manager.post(f"{FIELDS}add/", {"entity": "customers.customer", "kind": "choice", "label": "行业等级"})
    field = CustomField.objects.get()
    path = f"{FIELDS}{field.pk}/change/"
    assert (answer.status_code, answer.headers["Location"]) == (302, path)
    sent = typed(manager, path) | {"options": "甲\n乙\n", "listed": "on", "label_en": "Grade", "section": "1"}
    assert manager.post(path, sent).status_code == 302
    options = PicklistOption.objects.filter(list=list_key(field.name)).order_by("order")
    assert [option.label for option in options] == ["甲", "乙"]
    assert field.name in catalogue(CUSTOMER, people.alice).listed
    assert field.name in layout(CUSTOMER).sections[1].fields
    assert "行业等级" in manager.get(path).content.decode()


def test_an_option_that_is_taken_away_is_retired(manager: Client) -> None:
    field = define(CUSTOMER, "choice")
    path = f"{FIELDS}{field.pk}/change/"
    assert manager.post(path, typed(manager, path) | {"options": "乙"}).status_code == 302
    assert list(
        PicklistOption.objects.filter(list=list_key(field.name), active=True).values_list("label", flat=True)
    ) == ["乙"]
    assert PicklistOption.objects.filter(list=list_key(field.name)).count() == 2


@pytest.mark.parametrize("kind", CustomKind.values)
def test_every_kind_has_its_page(manager: Client, kind: str) -> None:
    field = define(CUSTOMER, kind)
    path = f"{FIELDS}{field.pk}/change/"
    assert manager.post(path, typed(manager, path)).status_code == 302


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("text", {"pattern": "(a+)+"}),
        ("text", {"label": "客户名称"}),
        ("text", {"max_length": "5000"}),
        ("number", {"minimum": "5", "maximum": "4"}),
        ("number", {"default": "many"}),
        ("number", {"decimals": "9"}),
    ],
)
def test_what_makes_no_sense_is_refused(manager: Client, kind: str, wrong: dict[str, str]) -> None:
    field = define(CUSTOMER, kind)
    path = f"{FIELDS}{field.pk}/change/"
    assert manager.post(path, typed(manager, path) | wrong).status_code == 200
    field.refresh_from_db()
    assert getattr(field, next(iter(wrong))) != next(iter(wrong.values()))


def test_fields_are_retired_not_deleted(manager: Client, people: People) -> None:
    field = define(CUSTOMER, "text")
    assert manager.post(f"{FIELDS}{field.pk}/delete/", {"post": "yes"}).status_code == 403
    manager.post(FIELDS, {"action": "retire", "_selected_action": [field.pk]})
    assert field.name not in catalogue(CUSTOMER, people.alice).fields
    assert CustomField.objects.filter(pk=field.pk).exists()


def test_a_label_is_only_text(manager: Client, people: People) -> None:
    field = define(CUSTOMER, "text", label="甲__password<script>")
    assert catalogue(CUSTOMER, people.alice).fields[field.name].path == f"cf_{field.pk}"
    client = Client()
    client.force_login(people.alice, backend="crm.org.auth.Backend")
    page = client.get("/customers/customer/new/").content.decode()
    assert "甲__password&lt;script&gt;" in page and "<script>" not in page.replace("<script src", "")


def test_rules_are_set_and_taken_away(manager: Client, people: People) -> None:
    path = f"/admin/fields/fieldrole/{people.seller.pk}/change/"
    sent = typed(manager, path) | {"customers.customer|phone": "hidden"}
    assert manager.post(path, sent).status_code == 302
    assert "phone" not in catalogue(CUSTOMER, people.alice).fields
    assert "phone" in catalogue(CUSTOMER, people.carol).fields
    assert manager.post(path, typed(manager, path) | {"customers.customer|phone": ""}).status_code == 302
    assert not FieldRule.objects.exists()


def test_the_name_cannot_be_hidden(manager: Client, people: People) -> None:
    form = manager.get(f"/admin/fields/fieldrole/{people.seller.pk}/change/").context["adminform"].form
    assert "customers.customer|name" not in form.fields


def test_a_form_is_arranged_and_reset(manager: Client, people: People) -> None:
    answer = manager.post("/admin/fields/formlayout/add/", {"entity": "customers.customer"})
    saved = FormLayout.objects.get()
    path = f"/admin/fields/formlayout/{saved.pk}/change/"
    assert answer.headers["Location"] == path
    before = layout(CUSTOMER).fields
    assert manager.post(path, typed(manager, path)).status_code == 302
    assert layout(CUSTOMER).fields == before, "saving it untouched changes nothing"
    changed = {"label_0": "主要", "columns_0": "1", "in_website": "0", "order_website": "1", "in_remarks": ""}
    assert manager.post(path, typed(manager, path) | changed).status_code == 302
    first = layout(CUSTOMER).sections[0]
    assert (first.label, first.columns, first.fields[0]) == ("主要", 1, "website")
    assert "remarks" not in layout(CUSTOMER).fields
    manager.post("/admin/fields/formlayout/", {"action": "reset", "_selected_action": [saved.pk]})
    assert layout(CUSTOMER).fields == before


def test_a_rule_may_not_lead_back_to_its_field(manager: Client) -> None:
    manager.post("/admin/fields/formlayout/add/", {"entity": "customers.customer"})
    path = f"/admin/fields/formlayout/{FormLayout.objects.get().pk}/change/"
    circle = {"field_0": "customer_class", "when_0": ["customer_class=A"]}
    assert manager.post(path, typed(manager, path) | circle).status_code == 200


def test_only_the_managers_room_leads_here(people: People) -> None:
    client = Client()
    client.force_login(people.alice, backend="crm.org.auth.Backend")
    for page in ("customfield", "fieldrole", "formlayout"):
        assert client.get(f"/admin/fields/{page}/").status_code in (302, 403, 404)
