"""The operation log and the sign-in log: what stands in them, how long, and for whom."""

import os
import re
import subprocess
import sys
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm.audit import log
from crm.audit.models import Entry, SignIn
from crm.audit.sessions import device_of
from crm.exchange.models import Import
from crm.flow.run import run
from crm.jobs.models import Job
from crm.jobs.queue import JobEnded
from crm.kernel import events
from crm.kernel.dates import now
from crm.kernel.phrases import phrase
from crm.org.models import User
from crm.record import write
from crm.testing.people import PASSWORD, People
from customers.flows import pool
from customers.models import Contact, Customer
from tests.customers import make

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)


def signed_in(user: User) -> Client:
    client = Client(headers={"user-agent": CHROME})
    client.force_login(user, backend="crm.org.auth.Backend")
    return client


def entries() -> list[tuple[str, str, int | None, int]]:
    return list(Entry.objects.order_by("pk").values_list("action", "entity", "record_id", "count"))


# -- operations


def test_a_page_that_writes_leaves_a_line_with_its_address(people: People) -> None:
    customer = make.customer(people.alice)
    signed_in(people.alice).post(f"/customers/customer/{customer.pk}/delete/", REMOTE_ADDR="10.1.2.3")
    entry = Entry.objects.latest("pk")
    assert (entry.action, entry.entity, entry.record_id) == ("delete", "customers.customer", customer.pk)
    assert (entry.by, entry.address) == (people.alice, "10.1.2.3")


def test_one_operation_on_many_is_one_line(people: People) -> None:
    customers = [make.customer(into=people.east_one, name=f"客户{n}") for n in range(5)]
    before = Entry.objects.count()
    run(pool.claim, Customer, [one.pk for one in customers], by=people.alice)
    assert entries()[before:] == [("claim", "customers.customer", None, 5)]


def test_many_new_records_cost_one_line_and_one_statement(people: People) -> None:
    customer = make.customer(people.alice)
    before = Entry.objects.count()
    with CaptureQueriesContext(connection) as queries:
        write.insert(
            [Contact(customer=customer, name=f"联系人{n}", owner=people.alice) for n in range(50)], people.alice
        )
    assert entries()[before:] == [("create", "customers.contact", None, 50)]
    assert sum("audit_entry" in query["sql"] for query in queries) == 1


def test_an_import_is_one_line_with_its_counts(people: People) -> None:
    before = Entry.objects.count()
    write.insert([Customer(name="来自表格", owner=people.alice, pool_state="assigned")], people.alice, action="import")
    assert Entry.objects.count() == before
    job = Job(kind="import", by=people.alice, title=phrase("客户.xlsx"), state="done", done=100_000)
    job.payload, job.counters = {"entity": "customers.customer"}, {"created": 99_000, "failed": 1_000}
    events.emit(JobEnded(job))
    entry = Entry.objects.latest("pk")
    assert (entry.action, entry.count) == ("import", 100_000) and "99000" in entry.text
    assert not Import.objects.exists()


def test_what_fails_leaves_no_line(people: People) -> None:
    customer = make.customer(people.alice)
    before = Entry.objects.count()
    with transaction.atomic():
        write.delete([Customer.objects.get(pk=customer.pk)], people.alice)
        transaction.set_rollback(True)
    assert Entry.objects.count() == before


def test_a_denial_is_logged_and_nothing_else(people: People) -> None:
    customer = make.customer(people.alice)
    before = Entry.objects.count()
    assert signed_in(people.charlie).post(f"/customers/customer/{customer.pk}/delete/").status_code == 404
    assert signed_in(people.alice).get("/logs/operations/").status_code == 403
    assert [entry[0] for entry in entries()[before:]] == ["denied", "denied"]
    assert f"POST /customers/customer/{customer.pk}/delete/" in Entry.objects.order_by("pk")[before].text
    before = Entry.objects.count()
    assert signed_in(people.alice).get("/nowhere/at/all/").status_code == 404
    assert Entry.objects.count() == before


def test_settings_are_logged(people: People) -> None:
    root = signed_in(people.root)
    root.post(
        f"/admin/org/department/{people.west.pk}/change/",
        {"name": "西北大区", "parent": people.company.pk, "order": 0, "active": "on"},
    )
    entry = Entry.objects.latest("pk")
    assert (entry.action, entry.by) == ("settings", people.root) and "西北大区" in entry.text


# -- keeping


@pytest.mark.parametrize("table", [Entry, SignIn])
def test_a_line_is_not_changed_and_not_deleted_before_its_time(people: People, table: Any) -> None:
    line = table.objects.create(at=now() - timedelta(days=183), by=people.alice)
    with pytest.raises(IntegrityError), transaction.atomic():
        table.objects.filter(pk=line.pk).delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        table.objects.filter(pk=line.pk).update(by=people.bob)
    assert table.objects.get(pk=line.pk).by == people.alice


@pytest.mark.parametrize("table", [Entry, SignIn])
def test_pruning_at_184_days_leaves_day_183_and_takes_day_185(people: People, settings: Any, table: Any) -> None:
    settings.LOG_DAYS = 184
    young = table.objects.create(at=now() - timedelta(days=183))
    old = table.objects.create(at=now() - timedelta(days=185))
    log.prune(now())
    left = set(table.objects.values_list("pk", flat=True))
    assert young.pk in left and old.pk not in left


def test_fewer_days_than_the_law_wants_are_refused() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", "import crm.settings"],
        env={**os.environ, "LOG_DAYS": "183"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode and "at least 184 days" in answer.stderr


# -- signing in


def test_signing_in_out_and_failing_are_logged(people: People) -> None:
    client = Client(headers={"user-agent": CHROME}, REMOTE_ADDR="10.1.2.3")
    client.post("/sign-in/", {"username": "alice", "password": "wrong"})
    client.post("/sign-in/", {"username": "nobody\x00", "password": "wrong"})
    client.post("/sign-in/", {"username": "alice", "password": PASSWORD})
    client.post("/sign-out/")
    lines = list(SignIn.objects.order_by("pk").values_list("event", "by", "username", "address", "device"))
    where = ("10.1.2.3", "Chrome · Windows")
    assert lines == [
        ("failure", None, "alice", *where),
        ("failure", None, "nobody", *where),
        ("success", people.alice.pk, "alice", *where),
        ("sign_out", people.alice.pk, "alice", *where),
    ]


def test_being_locked_out_is_logged(people: People) -> None:
    client = Client()
    for _ in range(5):
        client.post("/sign-in/", {"username": "alice", "password": "wrong"})
    assert SignIn.objects.filter(event="locked", username="alice").exists()


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (CHROME, "Chrome · Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) MicroMessenger/8.0", "WeChat · iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox · macOS"),
        ("curl/8", ""),
        ("", ""),
    ],
)
def test_a_device_is_named(agent: str, device: str) -> None:
    assert device_of(agent) == device


# -- reading


def test_an_administrator_reads_filters_and_exports_and_that_is_logged(people: People) -> None:
    customer = make.customer(people.alice, name="=1+1有限公司")
    root = signed_in(people.root)
    page = root.get("/logs/operations/", {"by": people.alice.pk, "what": "create"}).content.decode()
    assert "=1+1有限公司" in page and f"/customers/customer/{customer.pk}/" in page
    assert "=1+1" not in root.get("/logs/operations/", {"by": people.bob.pk}).content.decode()
    file = BytesIO(b"".join(root.get("/logs/operations/export/").streaming_content))  # type: ignore[attr-defined]
    assert "=1+1有限公司" in file.getvalue().decode("utf-8-sig")
    assert not re.search(r"(^|,)=", file.getvalue().decode("utf-8-sig"), re.MULTILINE)
    assert Entry.objects.filter(by=people.root, action="view_log").count() == 2
    assert Entry.objects.filter(by=people.root, action="export_log").count() == 1


@pytest.mark.parametrize(
    "params", [{"by": "x"}, {"since": "31.12."}, {"before": "x~y"}, {"what": "'"}, {"address": "\x00"}]
)
def test_what_cannot_be_read_in_the_address_is_left_out(people: People, params: dict[str, str]) -> None:
    for name in ("operations", "sign-ins"):
        assert signed_in(people.root).get(f"/logs/{name}/", params).status_code == 200


def test_pages_of_the_log_follow_each_other(people: People) -> None:
    Entry.objects.bulk_create(
        [Entry(at=now(), by=people.bob, action="print", detail=phrase(f"第{n:03}行")) for n in range(120)]
    )
    seen: list[str] = []
    root, path = signed_in(people.root), f"/logs/operations/?by={people.bob.pk}"
    while path:
        page = root.get(path).content.decode()
        seen += re.findall(r"第\d{3}行", page)
        older = re.search(r'href="(\?[^"]*before=[^"]*)"', page)
        path = "/logs/operations/" + older[1].replace("&amp;", "&") if older else ""
    assert len(seen) == len(set(seen)) == 120


@pytest.mark.parametrize("path", ["/logs/operations/", "/logs/sign-ins/", "/logs/operations/export/"])
def test_nobody_else_reads_the_logs(people: People, path: str) -> None:
    for user in (people.alice, people.carol):
        assert signed_in(user).get(path).status_code == 403
