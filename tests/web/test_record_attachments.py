"""Files on records: who gets them, what is taken, and how they are handed out."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse

from crm.org.models import User
from crm.record.attachments import attach
from crm.record.models import Attachment, Change
from crm.testing.people import People
from customers.models import Customer
from tests.customers import make
from tests.web.record_pages import HTMX, as_, events, text

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n1 0 obj\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def send(user: User, customer: Customer, *files: tuple[str, bytes]) -> HttpResponse:
    uploads = [SimpleUploadedFile(name, content) for name, content in files]
    answer: HttpResponse = as_(user).post(url(customer), {"files": uploads}, headers=HTMX)
    return answer


def url(customer: Customer, file: Attachment | None = None, page: str = "") -> str:
    base = f"/customers/customer/{customer.pk}/attachments/"
    return f"{base}{file.pk}/{page}" if file else base


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_is_kept_under_a_name_of_our_own_and_handed_out_under_its_own(people: People, media: Path) -> None:
    customer = make.customer(people.alice)
    assert send(people.alice, customer, ("合同（最终版）.pdf", PDF)).status_code == 204
    attachment = Attachment.objects.get()
    assert (attachment.name, attachment.size, attachment.by) == ("合同（最终版）.pdf", len(PDF), people.alice)
    assert "合同" not in str(files_in(media)[0])
    answer = as_(people.alice).get(url(customer, attachment))
    assert b"".join(answer.streaming_content) == PDF  # type: ignore[arg-type]
    assert unquote(answer.headers["Content-Disposition"]) == "attachment; filename*=utf-8''合同（最终版）.pdf"
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_file_follows_its_record(people: People) -> None:
    customer = make.customer(people.alice)
    send(people.alice, customer, ("a.pdf", PDF))
    file = Attachment.objects.get()

    def statuses() -> list[int]:
        return [
            as_(user).get(url(customer, file)).status_code
            for user in (people.alice, people.bob, people.charlie, people.carol)
        ]

    assert statuses() == [200, 404, 404, 200]
    as_(people.carol).post(f"/customers/customer/{customer.pk}/do/transfer/", {"owner": people.bob.pk})
    assert statuses() == [404, 200, 404, 200]
    assert as_(people.root).get(f"/media/{file.file.name}").status_code == 404


def test_a_file_is_reached_through_its_own_record_only(people: People) -> None:
    theirs, mine = make.customer(people.charlie), make.customer(people.alice)
    send(people.charlie, theirs, ("机密.pdf", PDF))
    file = Attachment.objects.get()
    assert as_(people.alice).get(url(mine, file)).status_code == 404
    assert as_(people.alice).post(url(mine, file, "delete/")).status_code == 404
    contact = make.contact(mine, people.alice)
    assert as_(people.alice).get(f"/customers/contact/{contact.pk}/attachments/{file.pk}/").status_code == 404
    assert Attachment.objects.get() == file


def test_only_who_may_change_the_record_adds_and_removes(people: People) -> None:
    customer = make.customer(people.alice)
    send(people.alice, customer, ("a.pdf", PDF))
    file = Attachment.objects.get()
    Customer.share_tables().share(customer, people.bob, editable=False, by=people.alice)
    page = text(as_(people.bob).get(f"/customers/customer/{customer.pk}/", {"tab": "attachments"}))
    assert (
        "a.pdf" in page
        and "<c-upload" not in page
        and "/delete/" not in page.split('class="files"')[1].split("</ul>")[0]
    )
    for user, status in ((people.bob, 403), (people.charlie, 404)):
        assert send(user, customer, ("b.pdf", PDF + b"b")).status_code == status
        assert as_(user).post(url(customer, file, "delete/")).status_code == status
    assert Attachment.objects.get() == file


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("xss.svg", b"<svg onload=m()>"),
        ("page.html", b"<script>m()</script>"),
        ("page.XHTML", b"<script>m()</script>"),
        ("setup.exe", b"MZ\x90"),
        ("x.pdf\u202egpj.exe", b"hello"),
        ("notes.txt", b"MZ\x90\x00"),
        ("photo.jpg", b"<html><script>m()</script>"),
        ("photo.png", b"\xff\xd8\xff\xe0"),
        ("paper.pdf", b"<html>"),
        ("empty.txt", b""),
    ],
)
def test_active_mislabelled_and_empty_files_are_refused(people: People, media: Path, name: str, content: bytes) -> None:
    answer = send(people.alice, make.customer(people.alice), (name, content))
    assert answer.status_code == 409 and events(answer)["toast"]["kind"] == "danger"
    assert not Attachment.objects.exists() and files_in(media) == []


def test_what_is_too_large_is_refused(people: People, settings: Any) -> None:
    settings.ATTACHMENT_MAX_BYTES = 100
    answer = send(people.alice, make.customer(people.alice), ("a.txt", b"x" * 101))
    assert answer.status_code == 409 and "100" in events(answer)["toast"]["text"]
    assert not Attachment.objects.exists()


def test_good_files_are_kept_when_another_one_is_refused(people: People) -> None:
    answer = send(people.alice, make.customer(people.alice), ("a.pdf", PDF), ("b.html", b"<p>"), ("c.png", PNG))
    assert answer.status_code == 204 and "b.html" in events(answer)["toast"]["text"]
    assert sorted(Attachment.objects.values_list("name", flat=True)) == ["a.pdf", "c.png"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ('"><img src=x onerror=m()>.jpg.txt', "___img src=x onerror=m()_.jpg.txt"),
        ("../../etc/x.txt", "x.txt"),
        (r"C:\fakepath\报价.txt", "报价.txt"),
        ("a\r\nX-A: 1.txt", "a X-A_ 1.txt"),
        ("\u202etxt.abc\u200b.txt", "txt.abc.txt"),
        (".htaccess", "htaccess"),
        ("con.txt", "_con.txt"),
        ("长" * 300 + ".txt", "长" * 116 + ".txt"),
    ],
)
def test_names_are_cleaned_and_cannot_break_out(people: People, given: str, kept: str) -> None:
    customer = make.customer(people.alice)
    # Django takes some paths apart itself; here the name arrives as it was sent.
    upload = SimpleUploadedFile("x.txt", b"text")
    upload._name = given  # type: ignore[attr-defined]
    assert attach(customer, upload, people.alice).name == kept
    page = text(as_(people.alice).get(f"/customers/customer/{customer.pk}/", {"tab": "attachments"}))
    assert "<img" not in page
    answer = as_(people.alice).get(url(customer, Attachment.objects.get()))
    assert "X-A" not in answer.headers and answer.headers["Content-Disposition"].startswith("attachment; filename")


def test_unknown_types_are_handed_out_as_bytes(people: People) -> None:
    customer = make.customer(people.alice)
    send(people.alice, customer, ("data.xyz", b"<html>"))
    assert (
        as_(people.alice).get(url(customer, Attachment.objects.get())).headers["Content-Type"]
        == "application/octet-stream"
    )


def test_the_same_file_sent_twice_is_kept_once(people: People, media: Path) -> None:
    customer = make.customer(people.alice)
    for _ in range(2):
        assert send(people.alice, customer, ("a.pdf", PDF)).status_code == 204
    assert Attachment.objects.count() == len(files_in(media)) == 1
    send(people.alice, customer, ("b.pdf", PDF))
    assert Attachment.objects.count() == 2


def test_removing_asks_then_deletes_the_bytes_and_is_told_in_the_history(
    people: People, media: Path, django_capture_on_commit_callbacks: Any
) -> None:
    customer = make.customer(people.alice)
    send(people.alice, customer, ("合同.pdf", PDF))
    file = Attachment.objects.get()
    assert "合同.pdf" in text(as_(people.alice).get(url(customer, file, "delete/"), headers=HTMX))
    assert Attachment.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        as_(people.alice).post(url(customer, file, "delete/"), headers=HTMX)
    assert not Attachment.objects.exists() and files_in(media) == []
    lines = Change.objects.order_by("pk").values_list("action", "fields")
    assert list(lines)[1:] == [
        ("attach", {"attachments": [None, "合同.pdf"]}),
        ("detach", {"attachments": ["合同.pdf", None]}),
    ]
    page = text(as_(people.alice).get(f"/customers/customer/{customer.pk}/", {"tab": "changes"}))
    assert "<ins>合同.pdf</ins>" in page and "<del>合同.pdf</del>" in page


def test_files_do_not_disturb_an_edit_in_progress(people: People) -> None:
    customer = make.customer(people.alice)
    send(people.alice, customer, ("a.pdf", PDF))
    answer = as_(people.alice).post(
        f"/customers/customer/{customer.pk}/edit/", {"name": "新名", "version": customer.version}
    )
    assert answer.status_code == 302


def test_a_lost_file_is_not_found(people: People, media: Path) -> None:
    customer = make.customer(people.alice)
    send(people.alice, customer, ("a.pdf", PDF))
    files_in(media)[0].unlink()
    assert as_(people.alice).get(url(customer, Attachment.objects.get())).status_code == 404


def test_a_body_beyond_all_limits_is_refused_before_it_is_read(people: People, settings: Any) -> None:
    settings.ATTACHMENT_MAX_BYTES = settings.IMPORT_MAX_BYTES = 100
    answer = send(people.alice, make.customer(people.alice), ("a.txt", b"x" * 500))
    assert answer.status_code == 413 and "400" in events(answer)["toast"]["text"]
    assert not Attachment.objects.exists()
