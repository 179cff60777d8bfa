"""The recycle bin: restoring, and deleting for good."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from crm.audit import jobs
from crm.audit.models import Entry
from crm.jobs.run import work
from crm.kernel.dates import now
from crm.org.models import User
from crm.record import write
from crm.record.attachments import attach
from crm.record.models import Attachment, Change
from crm.testing.people import People
from customers.models import Contact, Customer, PoolApplication
from tests.customers import make

PAGE = "/recycle-bin/?kind=customers.customer"
RESTORE = "/recycle-bin/customers/customer/restore/"
PURGE = "/recycle-bin/customers/customer/purge/"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="crm.org.auth.Backend")
    return client


@pytest.fixture
def deleted(people: People) -> Customer:
    customer = Customer.objects.get(pk=make.customer(people.alice, name="误删的客户").pk)
    write.delete([customer], people.alice)
    return customer


def purge(by: User, *customers: Customer) -> str:
    answer = signed_in(by).post(PURGE, {"ids": [one.pk for one in customers], "sure": "1"}, follow=True)
    return answer.content.decode()


def test_an_administrator_restores_what_was_deleted(people: People, deleted: Customer) -> None:
    root = signed_in(people.root)
    assert "误删的客户" in root.get(PAGE).content.decode()
    root.post(RESTORE, {"ids": [deleted.pk]})
    assert Customer.objects.visible_to(people.alice).filter(pk=deleted.pk).exists()
    assert root.post(RESTORE, {"ids": [deleted.pk]}).status_code == 404


def test_nobody_else_reaches_it(people: People, deleted: Customer) -> None:
    alice = signed_in(people.alice)
    assert alice.get(PAGE).status_code == 403
    assert alice.post(RESTORE, {"ids": [deleted.pk]}).status_code == 403
    assert alice.post(PURGE, {"ids": [deleted.pk], "sure": "1"}).status_code == 403
    assert not Customer.objects.visible_to(people.alice).exists()
    assert Customer.objects.deleted().filter(pk=deleted.pk).exists()


def test_the_list_is_searched(people: People, deleted: Customer) -> None:
    root = signed_in(people.root)
    assert "误删的客户" in root.get(f"{PAGE}&q=wsdkh").content.decode()
    assert "误删的客户" not in root.get(f"{PAGE}&q=别的").content.decode()


def test_purging_asks_first(people: People, deleted: Customer) -> None:
    page = signed_in(people.root).post(PURGE, {"ids": [deleted.pk]}).content.decode()
    assert "误删的客户" in page and 'name="sure"' in page
    assert Customer.objects.deleted().filter(pk=deleted.pk).exists()


def test_a_purged_record_leaves_its_history_and_a_line_in_the_log(people: People, deleted: Customer) -> None:
    history = Change.objects.filter(object_id=deleted.pk).count()
    PoolApplication.objects.create(customer=deleted, applicant=people.bob, at=now(), state_before="idle")
    purge(people.root, deleted)
    assert not Customer.objects.filter(pk=deleted.pk).exists()
    assert Change.objects.filter(object_id=deleted.pk).count() == history
    entry = Entry.objects.get(action="purge")
    assert entry.by == people.root and "误删的客户" in entry.text


def test_its_files_go_after_the_commit(
    people: People, deleted: Customer, django_capture_on_commit_callbacks: Any
) -> None:
    attachment = attach(deleted, SimpleUploadedFile("合同.txt", b"text"), people.alice)
    path = Path(attachment.file.path)
    with django_capture_on_commit_callbacks() as waiting:
        purge(people.root, deleted)
        assert path.exists() and not Attachment.objects.filter(pk=attachment.pk).exists()
    for callback in waiting:
        callback()
    assert not path.exists()


def test_what_others_need_stays_and_they_are_named(people: People) -> None:
    customer = make.customer(people.alice, name="有联系人的客户")
    contact = make.contact(customer, people.alice)
    write.delete([Contact.objects.get(pk=contact.pk)], people.alice)
    write.delete([Customer.objects.get(pk=customer.pk)], people.alice)
    free = make.customer(people.alice, name="没有联系人的客户")
    write.delete([Customer.objects.get(pk=free.pk)], people.alice)
    page = purge(people.root, customer, free)
    assert "联系人" in page
    assert list(Customer.objects.deleted().values_list("pk", flat=True)) == [customer.pk]


@pytest.mark.parametrize(("days", "left"), [(0, 2), (30, 1)])
def test_old_ones_are_purged_by_night_if_the_settings_say_so(
    people: People, deleted: Customer, settings: Any, days: int, left: int
) -> None:
    settings.RECYCLE_BIN_DAYS = days
    fresh = Customer.objects.get(pk=make.customer(people.alice, name="刚删的").pk)
    write.delete([fresh], people.alice)
    Customer.objects.filter(pk=deleted.pk).update(deleted_at=now() - timedelta(days=31))
    jobs.purge_recycle_bin(now())
    work("test")
    assert Customer.objects.deleted().count() == left
