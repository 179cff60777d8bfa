"""The CRM manager's room."""

import pytest
from django.test import Client

from crm.org.access import access_of
from crm.org.models import Department, Role, Scope, User
from crm.record.models import NumberRule
from crm.record.picklists import PicklistOption
from crm.testing.people import People
from tests.customers import make


@pytest.fixture
def manager(people: People) -> Client:
    people.carol.is_staff = True
    people.carol.save()
    client = Client()
    client.force_login(people.carol, backend="crm.org.auth.Backend")
    return client


PAGES = [
    "org/user",
    "org/department",
    "org/role",
    "record/picklistoption",
    "record/numberrule",
    "record/change",
    "record/ownerchange",
]


@pytest.mark.parametrize("address", PAGES)
def test_every_page_opens_for_managers_and_for_nobody_else(manager: Client, people: People, address: str) -> None:
    assert manager.get(f"/admin/{address}/").status_code == 200
    seller = Client()
    seller.force_login(people.alice, backend="crm.org.auth.Backend")
    assert seller.get(f"/admin/{address}/").status_code in (302, 403)


def test_a_roles_grants_are_written_from_its_form(manager: Client, people: People) -> None:
    page = f"/admin/org/role/{people.seller.pk}/change/"
    assert manager.get(page).status_code == 200
    form = {
        "name": "销售",
        "description": "",
        "scope:customers.customer": "department",
        "actions:customers.customer": ["view", "claim"],
    }
    form |= {f"scope:{key}": "own" for key in ("customers.contact", "customers.customerfollowup")}
    assert manager.post(page, form).status_code == 302
    access = access_of(User.objects.get(pk=people.alice.pk))
    assert access.scope("customers.customer", "claim") == Scope.DEPARTMENT
    assert not access.can("customers.customer", "delete")
    assert not access.can("customers.contact", "view")


def test_a_department_that_would_stand_below_itself_is_refused_at_the_field(manager: Client, people: People) -> None:
    page = f"/admin/org/department/{people.east.pk}/change/"
    answer = manager.post(page, {"name": "华东", "parent": people.east_one.pk, "order": 0, "active": "on"})
    assert answer.status_code == 200 and "parent" in answer.context["adminform"].form.errors
    assert Department.objects.get(pk=people.east.pk).parent == people.company


def test_deactivating_ends_the_session_for_good(manager: Client, people: People) -> None:
    seller = Client()
    seller.force_login(people.alice, backend="crm.org.auth.Backend")
    assert seller.get("/account/").status_code == 200
    ids = {"_selected_action": [people.alice.pk]}
    manager.post("/admin/org/user/", {"action": "deactivate", **ids})
    assert seller.get("/account/").status_code == 302
    manager.post("/admin/org/user/", {"action": "activate", **ids})
    assert User.objects.get(pk=people.alice.pk).is_active
    assert seller.get("/account/").status_code == 302


def test_a_manager_makes_no_superusers(manager: Client, people: People) -> None:
    page = f"/admin/org/user/{people.alice.pk}/change/"
    manager.post(
        page,
        {
            "username": "alice",
            "real_name": "李娜",
            "department": people.west.pk,
            "language": "en",
            "theme": "auto",
            "is_superuser": "on",
            "is_staff": "on",
        },
    )
    alice = User.objects.get(pk=people.alice.pk)
    assert (alice.department, alice.is_superuser, alice.is_staff) == (people.west, False, False)
    assert manager.post(f"/admin/org/user/{people.root.pk}/change/", {}).status_code == 403


def test_an_option_in_use_is_retired_not_deleted(manager: Client, people: People) -> None:
    option = make.option("customers.kind", "意向客户")
    make.customer(people.alice, kind=option)
    manager.post(f"/admin/record/picklistoption/{option.pk}/delete/", {"post": "yes"})
    assert PicklistOption.objects.filter(pk=option.pk).exists()


def test_a_number_pattern_without_a_serial_is_refused(manager: Client) -> None:
    page = "/admin/record/numberrule/add/"
    manager.post(page, {"entity": "customers.customer", "pattern": "KH{yyyy}"})
    assert not NumberRule.objects.exists()
    manager.post(page, {"entity": "customers.customer", "pattern": "KH{yyyy}{0000}"})
    assert NumberRule.objects.get().pattern == "KH{yyyy}{0000}"


def test_a_role_made_anew_grants_nothing_by_itself(manager: Client) -> None:
    form = {
        "name": "观察员",
        "description": "",
        **{f"scope:{key}": "own" for key in ("customers.customer", "customers.contact", "customers.customerfollowup")},
    }
    manager.post("/admin/org/role/add/", form)
    assert all(not grant.actions for grant in Role.objects.get(name="观察员").grants.all())
