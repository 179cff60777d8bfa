"""The pages of import and export: who may open them, and what they answer."""

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

from crm.exchange import exporting, importing
from crm.exchange.models import Export, Import
from crm.jobs import run
from crm.jobs.models import Job
from crm.org.models import Scope, User
from crm.testing.people import People, all_permissions, grant
from customers.models import Customer
from tests.customers import make
from tests.exchange.tables import MINE, csv_of, imported, uploaded

pytestmark = pytest.mark.django_db
BASE = "/customers/customer/"
HTMX = {"HX-Request": "true"}
As = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _english(people: People, settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    User.objects.update(language="en")
    with override("en"):
        yield


@pytest.fixture
def as_() -> As:
    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="crm.org.auth.Backend")
        return client

    return signed_in


def pages(batch: Import, export: Export) -> list[tuple[str, str]]:
    page = f"{BASE}import/{batch.pk}/"
    return [
        ("get", f"{BASE}import/"),
        ("post", f"{BASE}import/"),
        ("get", f"{BASE}import/template/"),
        ("get", page),
        ("post", page),
        ("post", f"{page}start/"),
        ("get", f"{page}progress/"),
        ("get", f"{page}failed/"),
        ("get", f"{BASE}export/"),
        ("post", f"{BASE}export/"),
        ("get", f"{BASE}export/{export.pk}/"),
    ]


@pytest.fixture
def both(people: People) -> tuple[Import, Export]:
    """An import and an export of Alice's."""
    batch = uploaded(people.alice, MINE, csv_of(["customer name"], ["甲"], [""]))
    made = Export.objects.create(entity=MINE, by=people.alice, columns=["name"])
    return batch, made


def test_nobody_gets_in_without_signing_in(both: tuple[Import, Export], client: Client) -> None:
    for method, path in pages(*both):
        answer = getattr(client, method)(path)
        assert (answer.status_code, answer.url.split("?")[0]) == (302, "/sign-in/"), path


def test_without_the_right_every_page_is_closed(both: tuple[Import, Export], people: People, as_: As) -> None:
    grant(people.seller, "customers.customer", all_permissions("customers.customer") - {"import", "export"}, Scope.OWN)
    for method, path in pages(*both):
        assert getattr(as_(people.alice), method)(path).status_code == 403, path
    assert (Import.objects.count(), Export.objects.count(), Job.objects.count()) == (1, 1, 0)
    page = as_(people.alice).get(BASE).content.decode()
    assert "/import/" not in page
    assert "/export/" not in page


def test_other_peoples_imports_and_exports_do_not_exist(both: tuple[Import, Export], people: People, as_: As) -> None:
    for method, path in pages(*both):
        if any(part.isdigit() for part in path.split("/")):
            assert getattr(as_(people.carol), method)(path).status_code == 404, path
            assert getattr(as_(people.root), method)(path).status_code == 404, path
    other = f"/customers/contact/import/{both[0].pk}/"
    assert as_(people.alice).get(other).status_code == 404
    assert Job.objects.count() == 0


def test_an_entity_that_is_not_exchanged_has_no_such_pages(
    people: People, as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    from customers.entities import ContactEntity

    monkeypatch.setattr(ContactEntity, "exchange", None)
    for path in ("import/", "import/template/", "export/"):
        assert as_(people.alice).get(f"/customers/contact/{path}").status_code == 404


def upload(client: Client, name: str, content: bytes, **headers: str) -> Any:
    return client.post(f"{BASE}import/", {"files": SimpleUploadedFile(name, content)}, headers=headers)


def test_the_way_from_the_upload_to_the_result_without_scripts(people: People, as_: As) -> None:
    alice = as_(people.alice)
    answer = upload(
        alice, "客户.csv", csv_of(["甲方", "phone"], ["甲", ""], ["", "021-58880001"], ["<script>m()</script>", ""])
    )
    batch = Import.objects.get()
    page = f"{BASE}import/{batch.pk}/"
    assert (answer.status_code, answer.url) == (302, page)
    assert "Say which column holds: customer name" in alice.get(page).content.decode()
    assert alice.post(f"{page}start/").status_code == 422
    assert alice.post(page, {"fields": ["name", "phone"], "on_duplicate": "update"}).url == page
    shown = alice.get(page).content.decode()
    assert "&lt;script&gt;m()&lt;/script&gt;" in shown
    assert "<script>m()" not in shown
    assert alice.post(f"{page}start/").url == alice.post(f"{page}start/").url == page
    assert Job.objects.count() == 1
    assert 'hx-trigger="every 1s"' in alice.get(page).content.decode()
    assert alice.get(f"{page}progress/").status_code == 200
    run.work("a worker")
    over = alice.get(f"{page}progress/")
    assert over.status_code == 286
    assert "Row 3, “customer name”: this is required" in over.content.decode()
    assert set(Customer.objects.values_list("name", flat=True)) == {"甲", "<script>m()</script>"}
    assert alice.post(page, {"fields": ["phone"]}).status_code == 409


def test_the_error_file_is_the_upload_with_reasons(people: People, as_: As) -> None:
    batch, _job = imported(
        people.alice,
        MINE,
        ["customer name", "phone", "nothing"],
        ["甲", "1", "x"],
        ["=乙", "021-58880001", "y"],
        ["", "", "z"],
    )
    answer = as_(people.alice).get(f"{BASE}import/{batch.pk}/failed/")
    sheet = openpyxl.load_workbook(BytesIO(b"".join(answer))).worksheets[0]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0] == ["Why it was not imported", "customer name", "phone", "nothing"]
    assert [row[1:] for row in rows[1:]] == [["甲", "1", "x"], [None, None, "z"]]
    assert all(row[0] for row in rows[1:])
    assert "attachment" in answer["Content-Disposition"]


def test_without_failures_there_is_no_error_file(people: People, as_: As) -> None:
    batch, _job = imported(people.alice, MINE, ["customer name"], ["甲"])
    assert as_(people.alice).get(f"{BASE}import/{batch.pk}/failed/").status_code == 404


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_an_upload_that_cannot_be_taken_is_told(
    headers: dict[str, str], people: People, as_: As, settings: Any
) -> None:
    alice = as_(people.alice)
    for name, content, words in (
        ("x.xlsx", b"<html>", "web page"),
        ("x.pdf", b"%PDF", "Choose a file that ends in"),
        ("x.csv", b"", "empty"),
    ):
        answer = upload(alice, name, content, **headers)
        assert answer.status_code == 422
        assert words in answer.content.decode()
    assert alice.post(f"{BASE}import/", headers=headers).status_code == 422
    settings.IMPORT_MAX_BYTES = 10
    assert "larger than" in upload(alice, "x.csv", csv_of(["customer name"], ["甲"])).content.decode()
    assert Import.objects.count() == 0


def test_a_piece_of_the_page_is_only_a_piece(people: People, as_: As) -> None:
    answer = upload(as_(people.alice), "x.csv", csv_of(["customer name"], ["甲"]), **HTMX)
    assert answer.status_code == 200
    assert "<html" not in answer.content.decode()
    assert answer["HX-Push-Url"] == f"{BASE}import/{Import.objects.get().pk}/"


def test_the_template_holds_what_was_chosen_and_what_is_required(people: People, as_: As) -> None:
    answer = as_(people.alice).get(f"{BASE}import/template/?fields=phone&fields=password")
    sheet = openpyxl.load_workbook(BytesIO(b"".join(answer))).worksheets[0]
    assert [cell.value for cell in sheet[1]] == ["customer name *", "phone"]
    every = as_(people.alice).get(f"{BASE}import/template/?all=1")
    sheet = openpyxl.load_workbook(BytesIO(b"".join(every))).worksheets[0]
    assert sheet.max_column > 15


def test_a_preview_costs_the_same_however_many_rows(
    people: People, as_: As, django_assert_max_num_queries: Any
) -> None:
    batch = uploaded(people.alice, MINE, csv_of(["customer name"], *([f"客户{n}"] for n in range(300))))
    client = as_(people.alice)
    client.get(f"{BASE}import/{batch.pk}/")
    with django_assert_max_num_queries(12):
        client.get(f"{BASE}import/{batch.pk}/")


def test_a_small_export_comes_at_once_and_is_logged(people: People, as_: As) -> None:
    mine = make.customer(people.alice, name="甲")
    make.customer(people.alice, name="乙")
    alice = as_(people.alice)
    asked = alice.post(
        f"{BASE}export/?q=&sort=name", {"columns": ["name"], "format": "csv", "ids": [mine.pk]}, headers=HTMX
    )
    assert asked.status_code == 204
    answer = alice.get(asked["HX-Redirect"])
    assert b"".join(answer).decode("utf-8-sig").split() == ["customer", "name", "甲"]
    assert ".csv" in answer["Content-Disposition"]
    log = Export.objects.get()
    assert (log.by, log.rows, log.selection, log.query, log.columns) == (
        people.alice,
        1,
        [mine.pk],
        "q=&sort=name",
        ["name"],
    )
    Export.objects.update(at=timezone.now() - timezone.timedelta(hours=1))
    assert alice.get(asked["HX-Redirect"]).status_code == 404


def test_the_dialog_remembers_the_columns_of_last_time(people: People, as_: As) -> None:
    alice = as_(people.alice)
    first = alice.get(f"{BASE}export/", headers=HTMX).content.decode()
    assert 'value="phone" checked' in first
    make.customer(people.alice)
    alice.post(f"{BASE}export/", {"columns": ["name"], "format": "csv"}, headers=HTMX)
    second = alice.get(f"{BASE}export/", headers=HTMX).content.decode()
    assert 'value="name" checked' in second
    assert 'value="phone" checked' not in second
    assert alice.post(f"{BASE}export/", {"columns": [], "format": "csv"}, headers=HTMX).status_code == 422


def test_a_large_export_goes_to_the_message_centre(people: People, as_: As, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "AT_ONCE", 0)
    make.customer(people.alice, name="甲")
    alice = as_(people.alice)
    answer = alice.post(f"{BASE}export/", {"columns": ["name"], "format": "xlsx"})
    assert answer.url == "/messages/?tab=jobs"
    file = f"{BASE}export/{Export.objects.get().pk}/"
    assert alice.get(file).status_code == 404
    run.work("a worker")
    sheet = openpyxl.load_workbook(BytesIO(b"".join(alice.get(file)))).worksheets[0]
    assert sheet["A2"].value == "甲"
    assert file in alice.get("/messages/?tab=jobs").content.decode()


def test_losing_the_right_takes_the_file_away(people: People, as_: As) -> None:
    export = exporting.request(
        importing.entity_of(uploaded(people.alice, MINE, csv_of(["customer name"], ["甲"]))),
        people.alice,
        query="",
        selection=None,
        columns=["name"],
        format="csv",
    )
    exporting.start(export, people.alice)
    run.work("a worker")
    alice = as_(people.alice)
    assert alice.get(f"{BASE}export/{export.pk}/").status_code == 200
    grant(people.seller, "customers.customer", all_permissions("customers.customer") - {"export"}, Scope.OWN)
    assert alice.get(f"{BASE}export/{export.pk}/").status_code == 403
