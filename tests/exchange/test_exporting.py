"""What an export holds, who may have it, and what is written down about it."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

from crm.exchange import exporting, retention
from crm.exchange.models import Export, Import, ImportRow
from crm.jobs import handlers, run
from crm.jobs.models import Job, State
from crm.kernel.errors import Denied, Refused
from crm.kernel.phrases import said
from crm.org.models import Scope, User
from crm.testing.people import People, all_permissions, grant
from tests.customers import make
from tests.exchange.hostile import TRIGGERS
from tests.exchange.tables import CONTACTS, MINE, POOL, entity_of, imported

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english(people: People, settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    User.objects.update(language="en")
    for person in (people.alice, people.bob, people.carol, people.charlie, people.root):
        person.language = "en"
    with override("en"):
        yield


def asked(by: User, key: str = MINE, **options: Any) -> Export:
    given: dict[str, Any] = {"query": "", "selection": None, "columns": ["name", "owner"], "format": "xlsx"}
    return exporting.request(entity_of(key), by, **{**given, **options})


def rows_of(export: Export, by: User) -> list[list[Any]]:
    file = exporting.write_now(export, by)
    if export.format == "csv":
        return list(csv.reader(io.StringIO(file.read().decode("utf-8-sig"))))
    sheet = openpyxl.load_workbook(file).worksheets[0]
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def names_of(export: Export, by: User) -> set[Any]:
    return {row[0] for row in rows_of(export, by)[1:]}


def test_every_kind_of_value_is_written_as_the_list_shows_it(people: People) -> None:
    parent = make.customer(people.alice, name="华信集团")
    make.customer(
        people.alice,
        name="华信",
        parent=parent,
        kind=make.option("customers.kind", "意向客户"),
        customer_class="B",
        phone="021-58888888",
    )
    columns = ["name", "parent", "kind", "customer_class", "owner", "pool_state", "phone", "created_at"]
    export = asked(people.alice, columns=columns, query="q=" + "华信")
    head, first, _second = rows_of(export, people.alice)
    assert head == [
        "customer name",
        "customer kind",
        "customer class",
        "phone",
        "owner",
        "customer state",
        "created at",
        "parent customer",
    ]
    assert first[:6] == ["华信", "意向客户", "B", "021-58888888", "李娜", "Assigned"]
    assert first[6].date() == timezone.localdate()
    assert first[7] == "华信集团"


def test_an_export_honours_query_selection_and_scope(people: People) -> None:
    mine = make.customer(people.alice, name="苏州园林")
    make.customer(people.alice, name="无锡机械")
    theirs = make.customer(people.charlie, name="苏州别人")
    assert names_of(asked(people.alice), people.alice) == {"苏州园林", "无锡机械"}
    assert names_of(asked(people.alice, query="q=苏州"), people.alice) == {"苏州园林"}
    assert names_of(asked(people.alice, selection=[mine.pk, theirs.pk]), people.alice) == {"苏州园林"}
    assert names_of(asked(people.carol), people.carol) == {"苏州园林", "无锡机械"}
    assert [export.rows for export in Export.objects.order_by("pk")] == [2, 1, 1, 2]


def test_the_scope_of_the_export_may_be_narrower_than_that_of_the_list(people: People) -> None:
    make.customer(people.carol, name="经理的")
    make.customer(people.alice, name="下属的")
    grant(people.manager, "customers.customer", all_permissions("customers.customer") - {"export"}, Scope.BELOW)
    with pytest.raises(Denied):
        asked(people.carol)
    people.carol.roles.add(people.seller)
    assert names_of(asked(people.carol), people.carol) == {"经理的", "下属的"}


def test_contacts_follow_their_customers(people: People) -> None:
    make.contact(make.customer(people.alice, name="我的"), people.alice, "陈静")
    make.contact(make.customer(people.charlie, name="别人的"), people.charlie, "赵")
    assert rows_of(asked(people.alice, CONTACTS, columns=["customer", "name"]), people.alice)[1:] == [["我的", "陈静"]]


@pytest.mark.parametrize("format", ["xlsx", "csv"])
def test_nothing_in_an_export_runs_and_nothing_is_lost(format: str, people: People) -> None:
    for text in TRIGGERS:
        make.customer(people.alice, name=text)
    rows = rows_of(asked(people.alice, columns=["name"], format=format), people.alice)[1:]
    texts = {row[0] for row in rows}
    if format == "xlsx":
        assert texts == set(TRIGGERS)
    else:
        assert all(text.startswith("'") for text in texts)
        assert {text[1:] for text in texts} == set(TRIGGERS)


def test_export_then_import_into_an_empty_list_gives_the_same_customers(people: People) -> None:
    kind = make.option("customers.kind", "意向客户")
    make.customer(
        people.alice, name="=华信", kind=kind, phone="021-58888888", website="http://a.cn", remarks="行一\n行二"
    )
    export = asked(people.alice, columns=["name", "kind", "phone", "website", "remarks"], format="csv")
    rows = rows_of(export, people.alice)
    _batch, job = imported(people.root, POOL, *rows, on_duplicate="create")
    assert job.counters == {"created": 1, "skipped": 0}
    first, second = (
        make.Customer.objects.filter(name="=华信").order_by("pk").values("name", "kind", "phone", "website", "remarks")
    )
    assert first == second


def test_what_is_asked_for_is_checked(people: People) -> None:
    with pytest.raises(Refused, match="at least one column"):
        asked(people.alice, columns=["password", "search"])
    with pytest.raises(Refused, match="Select the records"):
        asked(people.alice, selection=[])
    with pytest.raises(Refused, match="Select the records"):
        asked(people.alice, selection=list(range(exporting.SELECTED + 1)))
    assert asked(people.alice, columns=["owner__password", "name"]).columns == ["name"]
    assert Export.objects.count() == 1


def test_too_many_rows_are_refused(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "MOST", 1)
    for name in "甲乙":
        make.customer(people.alice, name=name)
    with pytest.raises(Refused, match="More than 1 records"):
        exporting.write_now(asked(people.alice), people.alice)


def test_a_large_export_is_a_job_that_asks_for_the_right_again(people: People) -> None:
    make.customer(people.alice, name="甲")
    export = asked(people.alice)
    job = exporting.start(export, people.alice)
    run.work("a worker")
    job.refresh_from_db()
    export.refresh_from_db()
    assert (job.state, job.done, export.rows) == (State.DONE, 1, 1)
    assert openpyxl.load_workbook(export.file).worksheets[0]["A2"].value == "甲"
    handler = handlers.get("export")
    assert said(handler.summary(job) or {}) == "1 row"
    assert [link.url for link in handler.links(job)] == [f"/customers/customer/export/{export.pk}/"]

    second = exporting.start(asked(people.alice), people.alice)
    grant(people.seller, "customers.customer", {"view"}, Scope.OWN)
    run.work("a worker")
    second.refresh_from_db()
    assert second.state == State.FAILED


def test_files_are_thrown_away_in_time_and_the_log_stays(people: People) -> None:
    batch, _job = imported(people.alice, MINE, ["customer name"], ["甲"])
    export = asked(people.alice)
    exporting.start(export, people.alice)
    run.work("a worker")
    while retention.prune():
        pass
    assert ImportRow.objects.count() == 1
    long_ago = timezone.now() - timedelta(days=31)
    Import.objects.update(at=long_ago)
    Export.objects.update(at=long_ago)
    paths = [Import.objects.get().file.path, Export.objects.get().file.path]
    while retention.prune():
        pass
    batch.refresh_from_db()
    export.refresh_from_db()
    assert ImportRow.objects.count() == 0
    assert (batch.file.name, export.file.name, export.rows) == ("", "", 1)
    assert not [path for path in paths if __import__("os").path.exists(path)]
    assert Job.objects.filter(kind="import").exists()


def test_the_logs_are_read_only(people: People, client: Client) -> None:
    imported(people.alice, MINE, ["customer name"], ["甲"])
    asked(people.alice)
    client.force_login(people.root, backend="crm.org.auth.Backend")
    for name in ("import", "export"):
        assert client.get(f"/admin/exchange/{name}/").status_code == 200
        assert client.get(f"/admin/exchange/{name}/add/").status_code == 403
        pk = {"import": Import, "export": Export}[name].objects.get().pk  # type: ignore[attr-defined]
        assert client.get(f"/admin/exchange/{name}/{pk}/change/").status_code == 200
        assert client.post(f"/admin/exchange/{name}/{pk}/delete/", {"post": "yes"}).status_code == 403
