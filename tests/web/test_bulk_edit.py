"""Bulk edit: who may, what each row says, one history line each, and large ones in the background."""

from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from crm.entity.bulk_edit import edit
from crm.jobs.models import Job, State
from crm.jobs.run import work
from crm.kernel import registry
from crm.kernel.errors import Denied
from crm.org.models import Scope, User
from crm.record.models import Change
from crm.testing.people import People, all_permissions, grant
from crm.web import bulk_edit
from customers.models import Contact, Customer
from tests.customers import make
from tests.web.record_pages import DIALOG, as_, events, row, text

LIST, PAGE = "/customers/customer/", "/customers/customer/bulk-edit/"


def sent(path: str, value: Any, *ids: int, **more: Any) -> dict[str, Any]:
    return {"bulk-field": path, f"bulk-{path}": value, "ids": list(ids), **more}


def changed(user: User, path: str, value: Any, *ids: int, entity: str = "customers.customer") -> Any:
    return edit(registry.get(entity), user, ids, path, QueryDict(f"bulk-{path}={value}"))


def test_it_asks_for_a_field_and_then_for_its_value(people: People) -> None:
    chosen = [make.customer(people.alice).pk for _ in range(3)]
    client = as_(people.alice)
    asked = text(client.get(PAGE, {"ids": chosen}, headers=DIALOG))
    assert "修改 3 个客户" in asked and '<option value="source">来源</option>' in asked
    assert "bulk-source" not in asked and 'value="number"' not in asked and 'value="owner"' not in asked
    again: dict[str, Any] = {"ids": chosen, "bulk-field": "source"}
    assert 'name="bulk-source"' in text(client.get(PAGE, again, headers=DIALOG))
    assert client.get(PAGE, headers=DIALOG).status_code == 409


def test_each_record_is_changed_with_history_and_can_be_taken_back(people: People) -> None:
    fair = make.option("customers.source", "展会")
    chosen = [make.customer(people.alice) for _ in range(3)]
    answer = as_(people.alice).post(PAGE, sent("source", fair.pk, *(c.pk for c in chosen)), headers=DIALOG)
    assert answer.status_code == 204 and events(answer)["toast"]["text"] == "已修改 3 条记录"
    for customer in chosen:
        now = Customer.objects.visible_to(people.alice).get(pk=customer.pk)
        assert (now.source, now.version, now.updated_by) == (fair, 2, people.alice)
        last = Change.objects.filter(object_id=customer.pk, content_type__model="customer").latest("pk")
        assert last.action == "change" and list(last.fields) == ["source"]
    assert as_(people.alice).post(events(answer)["toast"]["url"]).status_code == 302
    assert not Customer.objects.visible_to(people.alice).filter(source=fair).exists()


def test_all_that_the_query_finds_are_meant(people: People) -> None:
    fair, web = make.option("customers.source", "展会"), make.option("customers.source", "网络")
    for source in (fair, fair, web):
        make.customer(people.alice, source=source)
    make.customer(people.bob, source=fair)
    answer = as_(people.alice).post(
        f"{PAGE}?source={fair.pk}",
        {"bulk-field": "customer_class", "bulk-customer_class": "A", "all": 1},
        headers=DIALOG,
    )
    assert events(answer)["toast"]["text"] == "已修改 2 条记录"
    assert Customer._base_manager.filter(customer_class="A", owner=people.alice, source=fair).count() == 2
    assert Customer._base_manager.filter(customer_class="A").count() == 2


def test_rows_that_refuse_are_named_and_the_others_are_done(people: People) -> None:
    parent, other = make.customer(people.alice), make.customer(people.alice)
    good = make.contact(other, people.alice, "王一", mobile="13812345678")
    # A contact whose own facts break a rule cannot be saved in its form either.
    bad = make.contact(parent, people.alice, "王二")
    Contact._base_manager.filter(pk=bad.pk).update(mobile="12")
    before = row(bad)
    outcome = changed(people.alice, "title", "经理", good.pk, bad.pk, entity="customers.contact")
    assert [str(record) for record in outcome.done] == ["王一"]
    assert [(str(record), bool(reason)) for record, reason in outcome.refused] == [("王二", True)]
    assert row(bad) == before and Contact._base_manager.get(pk=good.pk).title == "经理"


def test_a_record_that_would_leave_ones_reach_is_refused_alone(people: People) -> None:
    mine, theirs = make.customer(people.alice), make.customer(people.charlie)
    contact = make.contact(mine, people.alice)
    before = row(contact)
    answer = as_(people.alice).post(
        "/customers/contact/bulk-edit/", sent("customer", theirs.pk, contact.pk), headers=DIALOG
    )
    assert answer.status_code == 422 and row(contact) == before


def test_records_that_may_only_be_seen_are_refused_with_a_reason(people: People) -> None:
    fair = make.option("customers.source", "展会")
    mine, shared = make.customer(people.alice, name="我的公司"), make.customer(people.charlie, name="共享的公司")
    Customer.share_tables().share(shared, people.alice, editable=False, by=people.charlie)
    before = row(shared)
    answer = as_(people.alice).post(PAGE, sent("source", fair.pk, mine.pk, shared.pk), headers=DIALOG)
    told = text(answer)
    assert "已修改 1 条记录" in told and "共享的公司" in told and "我的公司" not in told
    assert row(shared) == before


def test_without_the_right_nothing_happens(people: People) -> None:
    fair = make.option("customers.source", "展会")
    customer, theirs = make.customer(people.alice), make.customer(people.charlie)
    before = row(customer), row(theirs)
    assert changed(people.alice, "source", fair.pk, theirs.pk).done == []
    grant(people.seller, "customers.customer", all_permissions("customers.customer") - {"change"}, Scope.OWN)
    client = as_(people.alice)
    assert client.post(PAGE, sent("source", fair.pk, customer.pk)).status_code == 403
    assert client.get(PAGE, {"ids": customer.pk}).status_code == 403
    assert "bulk-edit" not in text(client.get(LIST))
    assert (row(customer), row(theirs)) == before


@pytest.mark.parametrize("path", ["owner", "number", "version", "pool_state", "deleted_at", "source__label", "x"])
def test_only_fields_of_the_form_can_be_changed(people: People, path: str) -> None:
    customer = make.customer(people.alice)
    before = row(customer)
    with pytest.raises(Denied):
        changed(people.alice, path, "1", customer.pk)
    assert as_(people.alice).post(PAGE, sent(path, "1", customer.pk), headers=DIALOG).status_code == 200
    assert row(customer) == before


def test_a_wrong_value_is_told_at_its_field(people: People) -> None:
    customer = make.customer(people.alice)
    before = row(customer)
    answer = as_(people.alice).post(PAGE, sent("source", "99999", customer.pk), headers=DIALOG)
    assert answer.status_code == 422 and "aria-invalid" in text(answer)
    assert as_(people.alice).post(PAGE, sent("name", "", customer.pk), headers=DIALOG).status_code == 422
    assert row(customer) == before


def test_it_costs_the_same_for_three_rows_and_for_thirty(people: People) -> None:
    costs = []
    for count, value in ((3, "A"), (3, "B"), (30, "C")):  # the first fills the caches
        chosen = [make.customer(people.alice).pk for _ in range(count)]
        with CaptureQueriesContext(connection) as seen:
            assert len(changed(people.alice, "customer_class", value, *chosen).done) == count
        costs.append(len(seen))
    assert costs[1] == costs[2], costs


def test_many_are_changed_in_the_background(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_edit, "AT_ONCE", 3)
    monkeypatch.setattr(bulk_edit, "CHUNK", 2)
    fair = make.option("customers.source", "展会")
    for number in range(5):
        make.customer(people.alice, name=f"第{number}家公司")
    shared = make.customer(people.charlie, name="共享的公司")
    Customer.share_tables().share(shared, people.alice, editable=False, by=people.charlie)
    client = as_(people.alice)
    answer = client.post(PAGE, {"bulk-field": "source", "bulk-source": fair.pk, "all": 1}, headers=DIALOG)
    assert answer.status_code == 204 and not Customer._base_manager.filter(source=fair).exists()
    work("test")
    job = Job.objects.get(kind=bulk_edit.KIND)
    assert (job.state, job.done, job.total) == (State.DONE, 6, 6), job.error
    assert job.counters == {"done": 5, "refused": 1}
    assert Customer._base_manager.filter(source=fair, owner=people.alice).count() == 5
    told = text(client.get(f"{PAGE}{job.pk}/"))
    assert "已修改 5 条记录" in told and "共享的公司" in told
    assert as_(people.bob).get(f"{PAGE}{job.pk}/").status_code == 404
