"""What must always hold: it does after every kind of work, and damage is found and told."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from crm.jobs.run import work
from crm.kernel import registry
from crm.kernel.dates import now
from crm.notify.models import Message
from crm.ops import checks, jobs
from crm.org.models import Department, User
from crm.record import write
from crm.testing.factory import build
from crm.testing.people import People
from customers.models import Contact, Customer

# What breaks each rule, behind the back of the one door for writes.
DAMAGE = {
    "P2 customers.customer": "DELETE FROM record_ownerchange",
    "P2 customers.customer chain": "UPDATE record_ownerchange SET from_owner_id = to_owner_id",
    "A1 customers.customer": "DELETE FROM record_change",
    "M12 customers.customer": "UPDATE customers_customer SET number = ''",
    "R1 customers.contact": "UPDATE customers_customer SET deleted_at = now()",
    "P8 path": "UPDATE org_department SET path = path || '0' WHERE parent_id IS NOT NULL",
    "P8 users": "UPDATE org_department SET active = false",
    "P1 customers.application": "UPDATE customers_customer SET pool_state = 'applied' WHERE pool_id IS NOT NULL",
    "C1 customers.contact": 'UPDATE customers_contact SET "primary" = false',
    "C2 customers.customer": "UPDATE customers_customer SET last_follow_up_at = '2020-01-01 00:00+08'",
}


def run(*options: str) -> tuple[int, str]:
    """The command's end and what it printed."""
    out = StringIO()
    try:
        call_command("check_invariants", *options, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


@pytest.fixture
def records(people: People) -> None:
    for entity in registry.entities():
        build(entity, people.alice)


def test_the_demo_company_keeps_every_rule(db: None) -> None:
    call_command("demo", stdout=StringIO())
    code, printed = run("--json")
    assert (code, json.loads(printed)["broken"]) == (0, [])
    assert len(json.loads(printed)["checked"]) > 15


def test_work_keeps_every_rule(records: None, people: People) -> None:
    contact = Contact.objects.visible_to(people.alice).first()
    assert contact is not None
    write.delete([contact], people.alice)
    write.restore([contact], people.alice)
    assert checks.check() == []


@pytest.mark.parametrize("rule", DAMAGE)
def test_damage_is_found(records: None, people: People, rule: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("record_change", "record_ownerchange"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_append_only")
        cursor.execute(DAMAGE[rule])
    code, printed = run("--json")
    broken = {one["name"]: one for one in json.loads(printed)["broken"]}
    assert code == 1 and broken[rule]["count"] >= 1 and broken[rule]["rows"]
    assert rule in run()[1]


def test_a_missing_guard_of_the_history_is_found(people: People) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE record_change DISABLE TRIGGER record_change_append_only")
    assert [one.invariant.name for one in checks.check()] == ["A3"]


def test_administrators_are_told_at_night(records: None, people: People) -> None:
    jobs.start(now())
    jobs.start(now())
    work("test")
    assert not Message.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE customers_customer SET number = ''")
    jobs.check(jobs.Job.objects.get(kind=jobs.KIND))
    told = Message.objects.get()
    assert told.user == people.root and "M12 customers.customer" in str(told.body)


def test_checking_changes_nothing(records: None) -> None:
    before = [list(model.objects.order_by("pk").values()) for model in (User, Department)]
    customers = list(Customer._base_manager.values())
    run()
    assert customers == list(Customer._base_manager.values())
    assert before == [list(model.objects.order_by("pk").values()) for model in (User, Department)]
