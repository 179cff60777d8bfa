"""What an empty database starts with."""

import pytest
from django.core.management import call_command

from crm.kernel import registry
from crm.org.models import Department, Role
from crm.record.picklists import PicklistField, PicklistOption

pytestmark = pytest.mark.django_db


def test_a_new_company_gets_departments_options_and_roles_once() -> None:
    call_command("load_defaults", company="瀚川智能")
    assert Department.objects.get().name == "瀚川智能"
    used = {
        field.list
        for entity in registry.entities()
        for field in entity.model._meta.get_fields()
        if isinstance(field, PicklistField)
    }
    assert used <= set(PicklistOption.objects.values_list("list", flat=True))
    assert Role.objects.count() == 5

    Role.objects.filter(name="销售总监").delete()
    PicklistOption.objects.filter(list="customers.kind").exclude(label="意向客户").delete()
    call_command("load_defaults")

    assert Role.objects.count() == 4
    assert PicklistOption.objects.filter(list="customers.kind").count() == 1


def test_roles_grant_rights_that_exist() -> None:
    call_command("load_defaults")
    for role in Role.objects.all():
        for grant in role.grants.all():
            known = {
                name
                for entity in registry.entities()
                if entity.model.key() == grant.entity
                for name, _ in entity.permissions
            }
            assert set(grant.actions) <= known
