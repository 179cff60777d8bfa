"""What an import writes, refuses and reports, row by row."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from crm.exchange import importing, templates
from crm.exchange.judge import Verdict
from crm.exchange.mapping import guess, save, saved_for, use
from crm.exchange.models import Import, ImportRow
from crm.exchange.resource import EntityResource
from crm.jobs import queue, run
from crm.jobs.models import Job, State
from crm.kernel.errors import Denied, Refused
from crm.org.models import Scope, User
from crm.record.models import Change, OwnerChange
from crm.testing.people import People, all_permissions, grant, user
from customers.models import Contact, Customer, CustomerFollowUp
from tests.customers import make
from tests.exchange.tables import (
    CONTACTS,
    FOLLOW_UPS,
    MINE,
    POOL,
    csv_of,
    entity_of,
    finished,
    imported,
    outcome,
    uploaded,
    xlsx_of,
)

pytestmark = pytest.mark.django_db
P1, P2, P3, P4, P5 = (f"021-5888000{n}" for n in range(1, 6))
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(autouse=True)
def _english(people: People, settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    User.objects.update(language="en")
    for person in (people.alice, people.bob, people.carol, people.charlie, people.root):
        person.language = "en"
    with override("en"):
        yield


def test_new_customers_are_created_whole(people: People) -> None:
    make.option("customers.industry", "软件")
    batch, job = imported(
        people.alice,
        MINE,
        ["Customer name", "industry", "customer class", "Phone", "website", "nothing"],
        ["万  科Ａ", "软件", "a", "021-58888888", "www.vanke.com", "x"],
        ["华信", "", "", "", "", ""],
    )
    assert (job.state, job.done, job.total) == (State.DONE, 2, 2)
    assert job.counters == {"created": 2, "skipped": 0}
    first, second = Customer.objects.order_by("pk")
    assert (first.name, str(first.industry), first.customer_class, first.phone) == (
        "万  科Ａ",
        "软件",
        "A",
        "021-58888888",
    )
    assert first.website == "http://www.vanke.com"
    assert (first.owner, first.department, first.created_by, first.pool_state) == (
        people.alice,
        people.east_one,
        people.alice,
        "assigned",
    )
    assert first.number.startswith("KH")
    assert first.search
    assert second.number > first.number
    assert [(row.state, row.record_id) for row in batch.rows.order_by("number")] == [
        ("created", first.pk),
        ("created", second.pk),
    ]
    assert set(Change.objects.values_list("object_id", "action", "by")) == {
        (c.pk, "import", people.alice.pk) for c in (first, second)
    }
    assert OwnerChange.objects.filter(to_owner=people.alice).count() == 2


def test_a_pool_import_puts_customers_into_the_company_pool(people: People) -> None:
    imported(people.root, POOL, ["customer name"], ["华信"])
    customer = Customer.objects.get()
    assert (customer.owner, customer.pool, customer.pool_state) == (None, people.company, "idle")


def test_errors_name_row_column_and_cure_and_harm_no_other_row(people: People) -> None:
    make.option("customers.kind", "意向客户")
    batch, job = imported(
        people.alice,
        MINE,
        ["customer name", "customer kind", "credit code", "website"],
        ["好", "意向客户", "", ""],
        ["", "意向客户", "", ""],
        ["坏种类", "什么", "", "not a url at all"],
        ["x" * 121, "", "", ""],
        ["坏代码", "", "123", ""],
        ["也好", "", "", ""],
        mapping={"name": 0, "kind": 1, "credit_code": 2, "website": 3},
    )
    assert job.counters == {"created": 2, "failed": 4, "skipped": 0}
    assert job.done == job.total == 6
    assert outcome(batch)[1:5] == [
        (3, "failed", "“customer name”: this is required"),
        (4, "failed", "“customer kind”: “什么” is not one of: 意向客户; “website”: Enter a valid URL."),
        (5, "failed", "“customer name”: Ensure this value has at most 120 characters (it has 121)."),
        (
            6,
            "failed",
            "“unified social credit code”: This is not a valid unified social credit code. Check each character.",
        ),
    ]
    assert set(Customer.objects.values_list("name", flat=True)) == {"好", "也好"}


def test_a_formula_without_result_fails_its_row(people: People) -> None:
    batch = uploaded(people.alice, MINE, xlsx_of(["customer name"], ["=A1"], ["好"]), "x.xlsx")
    finished(batch, people.alice)
    assert outcome(batch)[0] == (2, "failed", "“customer name”: the formula has no saved result")
    assert Customer.objects.count() == 1


# -- duplicates --------------------------------------------------------------------------------------


def test_duplicates_are_skipped(people: People) -> None:
    make.customer(people.alice, name="华信", phone=P1)
    batch, job = imported(people.alice, MINE, ["customer name", "phone"], ["华信", P2], ["新", P3], ["新", P4])
    assert job.counters == {"created": 1, "skipped": 2}
    assert outcome(batch) == [(2, "skipped", "exists already"), (3, "created", ""), (4, "skipped", "the same as row 3")]
    assert dict(Customer.objects.values_list("name", "phone")) == {"华信": P1, "新": P3}


def test_duplicates_are_updated_and_empty_cells_leave_what_is_there(people: People) -> None:
    customer = make.customer(people.alice, name="华信", phone=P1, address="张江")
    batch, job = imported(
        people.alice,
        MINE,
        ["customer name", "phone", "address"],
        ["华信", P2, ""],
        ["华信", P3, ""],
        ["新", P4, "a"],
        ["新", P5, ""],
        on_duplicate="update",
    )
    assert job.counters == {"created": 1, "updated": 3, "skipped": 0}
    customer.refresh_from_db()
    assert (customer.phone, customer.address, customer.version) == (P3, "张江", 2)
    assert Change.objects.get(object_id=customer.pk, action="import").fields == {"phone": [P1, P3]}
    new = Customer.objects.get(name="新")
    assert (new.phone, new.address) == (P5, "a")
    assert set(batch.rows.values_list("record_id", flat=True)) == {customer.pk, new.pk}


def test_an_update_that_changes_nothing_is_skipped_and_leaves_no_history(people: People) -> None:
    customer = make.customer(people.alice, name="华信", phone=P1)
    before = Change.objects.count()
    batch, _job = imported(people.alice, MINE, ["customer name", "phone"], ["华信", P1], on_duplicate="update")
    assert outcome(batch) == [(2, "skipped", "exists already with these values")]
    customer.refresh_from_db()
    assert (customer.version, Change.objects.count()) == (1, before)


def test_create_anyway_creates_anyway(people: People) -> None:
    make.customer(people.alice, name="华信")
    _batch, job = imported(people.alice, MINE, ["customer name"], ["华信"], ["华信"], on_duplicate="create")
    assert job.counters == {"created": 2, "skipped": 0}
    assert Customer.objects.filter(name="华信").count() == 3


def test_the_number_finds_the_record_and_is_never_written(people: People) -> None:
    customer = make.customer(people.alice, name="旧名")
    _batch, _job = imported(
        people.alice,
        MINE,
        ["number", "customer name"],
        [customer.number, "新名"],
        ["KH1", "另一"],
        on_duplicate="update",
    )
    customer.refresh_from_db()
    assert customer.name == "新名"
    assert Customer.objects.get(name="另一").number != "KH1"


def test_an_update_needs_no_required_column_besides_a_key(people: People) -> None:
    customer = make.customer(people.alice, name="华信")
    imported(people.alice, MINE, ["number", "phone"], [customer.number, P5], on_duplicate="update")
    customer.refresh_from_db()
    assert (customer.name, customer.phone) == ("华信", P5)


def test_two_records_of_one_name_are_not_guessed_between(people: People) -> None:
    for _ in range(2):
        make.customer(people.alice, name="华信")
    batch, _job = imported(people.alice, MINE, ["customer name", "phone"], ["华信", P5], on_duplicate="update")
    assert outcome(batch) == [(2, "failed", "2 records fit: add the number to say which")]


# -- rights ------------------------------------------------------------------------------------------


def test_somebody_elses_record_is_a_duplicate_but_never_changed(people: People) -> None:
    theirs = make.customer(people.charlie, name="西部客户", phone=P1)
    batch, _ = imported(people.alice, MINE, ["customer name", "phone"], ["西部客户", P2])
    assert outcome(batch) == [(2, "skipped", "exists already")]
    batch, _ = imported(people.alice, MINE, ["customer name", "phone"], ["西部客户", P2], on_duplicate="update")
    assert outcome(batch) == [(2, "failed", "it exists already, but you may not change it: ask its owner")]
    theirs.refresh_from_db()
    assert (theirs.phone, theirs.version) == (P1, 1)


@pytest.mark.parametrize(
    ("lacking", "reason"),
    [
        ("add", "it is new, and your role does not include creating it"),
        ("change", "it exists already, and your role does not include changing it"),
    ],
)
def test_create_and_update_need_their_rights(lacking: str, reason: str, people: People) -> None:
    make.customer(people.alice, name="旧")
    grant(people.seller, "customers.customer", all_permissions("customers.customer") - {lacking}, Scope.OWN)
    batch, _ = imported(
        people.alice, MINE, ["customer name", "phone"], ["新" if lacking == "add" else "旧", P2], on_duplicate="update"
    )
    assert outcome(batch) == [(2, "failed", reason)]


def test_without_the_right_to_import_nothing_is_read_or_run(people: People) -> None:
    batch = uploaded(people.alice, MINE, csv_of(["customer name"], ["新"]))
    job = importing.start(batch, people.alice)
    grant(people.seller, "customers.customer", all_permissions("customers.customer") - {"import"}, Scope.OWN)
    with pytest.raises(Denied):
        uploaded(people.alice, MINE, csv_of(["customer name"], ["新"]))
    run.work("a worker")
    job.refresh_from_db()
    assert job.state == State.FAILED
    assert Customer.objects.count() == 0


def test_a_record_that_its_importer_could_not_see_is_taken_back(people: People) -> None:
    grant(people.seller, "customers.customer", all_permissions("customers.customer") - {"view_pool"}, Scope.OWN)
    batch, job = imported(people.alice, POOL, ["customer name"], ["甲"], ["乙"])
    assert outcome(batch) == [(n, "failed", "you would not be allowed to see this record") for n in (2, 3)]
    assert Customer.objects.count() == Change.objects.count() == 0
    assert job.counters == {"failed": 2, "skipped": 0}


def test_contacts_only_go_to_customers_that_one_may_change(people: People) -> None:
    mine, theirs = make.customer(people.alice, name="我的"), make.customer(people.charlie, name="别人的")
    batch, _ = imported(
        people.alice,
        CONTACTS,
        ["customer", "name"],
        ["我的", "陈静"],
        [mine.number, "王伟"],
        ["别人的", "赵"],
        [theirs.number, "钱"],
    )
    assert outcome(batch)[2:] == [
        (4, "failed", "“customer”: there is no customer “别人的”"),
        (5, "failed", f"“customer”: there is no customer “{theirs.number}”"),
    ]
    assert set(Contact.objects.values_list("name", "customer")) == {("陈静", mine.pk), ("王伟", mine.pk)}


def test_an_ambiguous_customer_asks_for_the_number(people: People) -> None:
    for _ in range(2):
        make.customer(people.alice, name="华信")
    batch, _ = imported(people.alice, CONTACTS, ["customer", "name"], ["华信", "陈静"])
    assert outcome(batch) == [(2, "failed", "“customer”: 2 customers are called “华信”: enter the number instead")]


def test_a_contact_is_the_one_of_the_rows_customer(people: People) -> None:
    first, second = make.customer(people.alice, name="甲"), make.customer(people.alice, name="乙")
    for customer in (first, second):
        make.contact(customer, people.alice, "王伟")
    header = ["contact", "customer", "content", "when"]
    batch, _ = imported(
        people.alice,
        FOLLOW_UPS,
        header,
        ["王伟", "乙", "报价", "2026-01-31 9:30"],
        ["李四", "乙", "报价", "2026-01-31"],
    )
    follow_up = CustomerFollowUp.objects.select_related("contact").get()
    assert follow_up.contact is not None
    assert follow_up.contact.customer == second
    assert outcome(batch)[1] == (3, "failed", "“contact”: there is no contact “李四”")


# -- the run -----------------------------------------------------------------------------------------


def test_a_row_that_the_database_refuses_fails_alone(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE customers_customer ADD CONSTRAINT no_devil CHECK (name <> '魔鬼')")
    batch, job = imported(people.alice, MINE, ["customer name"], *([f"客户{n}"] for n in range(20)), ["魔鬼"], ["末"])
    assert job.counters == {"created": 21, "failed": 1, "skipped": 0}
    assert [row for row in outcome(batch) if row[1] == "failed"] == [(22, "failed", "it contradicts another record")]


def test_large_files_are_loaded_by_the_job_and_written_in_chunks(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "SAMPLE", 10)
    monkeypatch.setattr(importing, "LOAD", 15)
    monkeypatch.setattr(importing, "COPY", 4)
    monkeypatch.setattr(importing, "CHUNK", 7)
    batch = uploaded(people.alice, MINE, csv_of(["customer name"], *([f'客户"\\{n}'] for n in range(33))))
    assert (batch.total, batch.rows.count()) == (33, 10)
    job = finished(batch, people.alice)
    assert (job.state, job.counters, job.done) == (State.DONE, {"created": 33, "skipped": 0}, 33)
    assert set(Customer.objects.values_list("name", flat=True)) == {f'客户"\\{n}' for n in range(33)}
    assert Customer.objects.order_by("number").values_list("name", flat=True)[32] == '客户"\\32'


def test_a_chunk_costs_the_same_queries_however_many_rows(people: People) -> None:
    make.customer(people.alice, name="有")

    def queries(count: int) -> int:
        customers = [make.customer(people.alice, name=f"{count}-{n}") for n in range(count)]
        header = ["customer", "name", "role in the decision"]
        batch = uploaded(people.alice, CONTACTS, csv_of(header, *([c.name, "陈静", ""] for c in customers)))
        job = importing.start(batch, people.alice)
        while job.cursor.get("loaded") is not True:
            importing.step(job)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            importing.step(job)
        assert job.counters["created"] == count
        return len(captured)

    queries(1)
    assert queries(2) == queries(40)


def test_starting_twice_runs_once(people: People) -> None:
    batch = uploaded(people.alice, MINE, csv_of(["customer name"], ["甲"]))
    assert importing.start(batch, people.alice) == importing.start(batch, people.alice)
    assert Job.objects.count() == 1


def test_a_cancelled_import_keeps_what_it_did_and_stops(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "CHUNK", 2)
    batch = uploaded(people.alice, MINE, csv_of(["customer name"], *([f"客户{n}"] for n in range(6))))
    job = importing.start(batch, people.alice)
    claimed = run.claim("a worker")
    assert claimed is not None
    for _ in range(2):
        run.step(claimed)
    assert queue.cancel(job.pk, people.alice)
    assert run.step(claimed) is False
    job.refresh_from_db()
    assert (job.state, job.counters["created"]) == (State.CANCELLED, 2)
    assert Customer.objects.count() == 2
    assert batch.rows.filter(state="pending").count() == 4


def test_a_deactivated_importer_stops_the_import(people: People) -> None:
    batch = uploaded(people.alice, MINE, csv_of(["customer name"], ["甲"]))
    people.alice.is_active = False
    people.alice.save()
    job = Job.objects.get(pk=importing.start(batch, people.root).pk)
    Job.objects.filter(pk=job.pk).update(by=people.alice)
    run.work("a worker")
    assert Customer.objects.count() == 0


def test_required_columns_have_to_be_mapped(people: People) -> None:
    batch = uploaded(people.alice, MINE, csv_of(["something"], ["甲"]))
    assert batch.mapping == {}
    with pytest.raises(Refused, match="customer name"):
        importing.start(batch, people.alice)


def test_a_refused_file_leaves_nothing_behind(people: People, settings: Any) -> None:
    with pytest.raises(Refused):
        uploaded(people.alice, MINE, b"<html>", "x.xlsx")
    assert Import.objects.count() == ImportRow.objects.count() == 0
    assert not [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


# -- preview, mapping, template ----------------------------------------------------------------------


def test_the_preview_says_what_the_import_will_do(people: People) -> None:
    make.customer(people.alice, name="有", phone=P1)
    batch = uploaded(
        people.alice,
        MINE,
        csv_of(["customer name", "phone"], ["新", ""], ["有", P2], ["", P3], ["新", ""]),
        on_duplicate="update",
    )
    before = Change.objects.count()
    judged = importing.preview(batch, EntityResource(entity_of(MINE), people.alice))
    assert [one.verdict for one in judged] == [Verdict.NEW, Verdict.UPDATE, Verdict.ERROR, Verdict.UPDATE]
    assert (Change.objects.count(), Customer.objects.count()) == (before, 1)
    finished(batch, people.alice)
    assert [state for _number, state, _reason in outcome(batch)] == ["created", "updated", "failed", "updated"]


def test_headings_are_known_by_label_in_both_languages_by_name_and_from_last_time(people: People) -> None:
    resource = EntityResource(entity_of(MINE), people.alice)
    assert guess(resource, ["Customer Name *", "phone", "credit_code", "x"]) == {
        "name": 0,
        "phone": 1,
        "credit_code": 2,
    }
    assert guess(resource, ["客户名称 *", "电话"]) == {"name": 0, "phone": 1}
    assert guess(resource, ["甲方", "热线"]) == {}
    imported(people.alice, MINE, ["甲方", "热线"], ["甲", P1], mapping={"name": 0, "phone": 1})
    assert guess(resource, ["热线", "甲方"]) == {"phone": 0, "name": 1}
    assert guess(resource, ["热线", "别的"]) == {"phone": 0}
    assert guess(EntityResource(entity_of(MINE), people.bob), ["甲方"]) == {}
    assert guess(EntityResource(entity_of(CONTACTS), people.alice), ["甲方"]) == {}


@pytest.mark.parametrize(
    ("key", "header", "mapping"),
    [
        (MINE, ["公司名称", "联系电话"], {"name": 0, "phone": 1}),
        (MINE, ["单位名称（必填）", "电话号码"], {"name": 0, "phone": 1}),
        (MINE, ["客 户", "纳税人识别号", "所属行业"], {"name": 0, "tax_number": 1, "industry": 2}),
        (MINE, ["Company Name", "Tel", "Notes"], {"name": 0, "phone": 1, "remarks": 2}),
        # What says it best wins, wherever it stands.
        (MINE, ["手机", "电话", "公司", "客户名称"], {"phone": 1, "name": 3}),
        (CONTACTS, ["公司名称", "联系人", "手机号", "职位"], {"customer": 0, "name": 1, "mobile": 2, "title": 3}),
    ],
)
def test_headings_of_other_peoples_tables_are_known(
    key: str, header: list[str], mapping: dict[str, int], people: People
) -> None:
    assert guess(EntityResource(entity_of(key), people.alice), header) == mapping


def test_a_column_that_was_left_out_is_left_out_again_in_the_same_table(people: People) -> None:
    resource = EntityResource(entity_of(MINE), people.alice)
    imported(people.alice, MINE, ["公司名称", "联系电话"], ["甲", P1], mapping={"name": 0})
    assert guess(resource, ["联系电话", "公司名称"]) == {"name": 1}
    assert guess(resource, ["公司名称", "联系电话", "地址"]) == {"name": 0, "phone": 1, "address": 2}


def test_a_mapping_is_saved_under_a_name_and_used_for_another_table(people: People) -> None:
    resource = EntityResource(entity_of(MINE), people.alice)
    batch = uploaded(
        people.alice, MINE, csv_of(["甲方", "热线", "备注"], ["甲", P1, "x"]), mapping={"name": 0, "phone": 1}
    )
    with pytest.raises(Refused):
        save(resource, batch, "  ")
    save(resource, batch, "展会")
    save(resource, batch, "展会")
    (saved,) = saved_for(resource)
    assert use(resource, saved, ["热线", "地址", "备注", "甲方"]) == {"phone": 0, "name": 3, "address": 1}
    assert saved_for(EntityResource(entity_of(MINE), people.bob)) == []
    assert saved_for(EntityResource(entity_of(CONTACTS), people.alice)) == []


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_example_row_of_a_template_is_not_imported(language: str, people: People, tmp_path: Path) -> None:
    make.option("customers.kind", "意向客户")
    entity = entity_of(MINE)
    with override(language), (tmp_path / "t.xlsx").open("wb") as target:
        templates.write(EntityResource(entity, people.alice), entity.exchange.fields, target)  # type: ignore[union-attr]
    import openpyxl

    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    book.worksheets[0]["A3"] = "华信"
    book.save(tmp_path / "t.xlsx")
    batch = uploaded(people.alice, MINE, (tmp_path / "t.xlsx").read_bytes(), "t.xlsx")
    job = finished(batch, people.alice)
    assert set(batch.mapping) == set(entity.exchange.fields)  # type: ignore[union-attr]
    assert outcome(batch) == [(2, "skipped", "the example row of the template"), (3, "created", "")]
    assert (job.done, job.total, job.counters) == (2, 2, {"skipped": 1, "created": 1})


def test_a_changed_example_row_is_a_row(people: People, tmp_path: Path) -> None:
    _batch, job = imported(people.alice, MINE, ["Customer name", "phone"], ["Example: customer name", "13800000000"])
    assert job.counters == {"created": 1, "skipped": 0}


# -- real files --------------------------------------------------------------------------------------


def real(name: str) -> bytes:
    if not (DATA / name).exists():
        pytest.skip(f"{name} is not beside this checkout")
    return (DATA / name).read_bytes()


def test_all_listed_companies_come_in_once(people: People) -> None:
    content = real("a-share-companies.csv")
    batch = uploaded(people.root, POOL, content, "a-share-companies.csv", mapping={"name": 1, "remarks": 0})
    job = finished(batch, people.root)
    counts = job.counters
    assert counts["created"] + counts["skipped"] == 5640
    names = [row[1].strip() for row in csv_rows(content)]
    assert counts["created"] == len(set(names))
    assert set(Customer.objects.values_list("name", flat=True)) == set(names)
    again = finished(uploaded(people.root, POOL, content, "a.csv", mapping={"name": 1}), people.root)
    assert again.counters == {"skipped": 5640}


def test_customers_who_ordered_many_times_come_in_once(people: People) -> None:
    content = real("superstore-orders.csv")
    customers = {row[6] for row in csv_rows(content)}
    for on_duplicate in ("skip", "update"):
        batch = uploaded(
            people.root, POOL, content, "orders.csv", on_duplicate=on_duplicate, mapping={"name": 6, "region": 12}
        )
        job = finished(batch, people.root)
        assert sum(job.counters.values()) == job.done == 9994
        assert Customer.objects.count() == len(customers)
    assert job.counters["updated"] > 0


def csv_rows(content: bytes) -> list[list[str]]:
    import csv

    return list(csv.reader(content.decode().splitlines()))[1:]


def test_dates_and_numbers_of_workbooks_arrive(people: People) -> None:
    make.customer(people.alice, name="华信")
    content = xlsx_of(
        ["customer", "name", "birthday", "mobile", "primary contact"],
        ["华信", "陈静", date(1990, 1, 31), 13800000001, True],
    )
    finished(uploaded(people.alice, CONTACTS, content, "x.xlsx"), people.alice)
    contact = Contact.objects.get()
    assert (contact.birthday, contact.mobile, contact.primary) == (date(1990, 1, 31), "13800000001", True)


def test_a_name_shared_by_two_users_asks_for_the_user_name(people: People) -> None:
    from crm.exchange.values import UserReader
    from crm.record.names import names

    user("lina2", "李娜", people.west)
    reader = UserReader(names())
    reader.prepare(["李娜", "alice", "张伟"], people.root)
    assert reader.clean("alice") == people.alice
    assert reader.clean("张伟") == people.bob
    with pytest.raises(Exception, match=r"2 users are called “李娜”.*alice, lina2"):
        reader.clean("李娜")
    with pytest.raises(Exception, match="no active user “谁”"):
        reader.clean("谁")


def test_a_refused_upload_names_the_reason(people: People) -> None:
    with pytest.raises(Refused, match="ends in"):
        importing.upload(entity_of(MINE), people.alice, SimpleUploadedFile("x.pdf", b"%PDF"), "x.pdf")
