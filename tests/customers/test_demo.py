"""The demo company."""

from io import StringIO

import pytest
from django.core.management import call_command

from crm.kernel.china import credit_code
from crm.org.models import User
from crm.record.models import Change, OwnerChange
from customers.demo import people
from customers.models import Contact, Customer, CustomerFollowUp


@pytest.mark.slow
@pytest.mark.django_db
def test_the_demo_company_is_believable_and_loaded_once() -> None:
    out = StringIO()
    call_command("demo", stdout=out)
    assert people.PASSWORD in out.getvalue()
    assert User.objects.count() == len(people.ACCOUNTS) == 12
    assert all(User.objects.get(username=a.username).check_password(people.PASSWORD) for a in people.ACCOUNTS)

    customers = list(Customer.objects.all())
    assert len(customers) == 300
    assert {c.pool_state for c in customers} == {"assigned", "idle", "recycled", "applied"}
    assert all(credit_code.is_valid(c.credit_code) for c in customers if c.credit_code)
    assert len({c.name for c in customers}) == 300
    assert Contact.objects.count() > 300
    assert CustomerFollowUp.objects.filter(kind="plan").exists()
    assert {
        "create",
        "assign",
        "claim",
        "apply",
        "accept",
        "refuse",
        "transfer",
        "recycle",
        "give_back",
        "change",
    } == set(Change.objects.values_list("action", flat=True))
    assert OwnerChange.objects.exists()

    # What each role sees, from narrow to wide.
    seen = [
        Customer.objects.visible_to(User.objects.get(username=name)).count()
        for name in ("zhangwei", "lina", "wangfang", "zhoumin", "hejing")
    ]
    assert seen == sorted(seen)
    assert seen[-1] == 300

    call_command("demo", stdout=out)
    assert Customer.objects.count() == 300
