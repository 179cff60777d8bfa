"""Inline edit: the endpoint behind cells and facts."""

from crm.org.models import Scope
from crm.record import write
from crm.record.models import Change
from crm.testing.people import People, all_permissions, grant
from customers.models import Customer
from tests.customers import make
from tests.web.record_pages import HTMX, as_, events, hidden, row, text

LIST = "/customers/customer/"


def path(pk: int, field: str) -> str:
    return f"{LIST}{pk}/cell/{field}/"


def test_one_field_is_asked_and_saved(people: People) -> None:
    customer = make.customer(people.alice, region="上海")
    client = as_(people.alice)
    asked = client.get(path(customer.pk, "region"), headers=HTMX)
    assert 'value="上海"' in text(asked) and 'aria-label="地区"' in text(asked) and 'name="name"' not in text(asked)
    answer = client.post(path(customer.pk, "region"), {**hidden(asked), "region": "苏州"}, headers=HTMX)
    assert answer.status_code == 204 and events(answer)["saved"]["pk"] == customer.pk
    now = Customer.objects.visible_to(people.alice).get(pk=customer.pk)
    assert (now.region, now.version) == ("苏州", 2)
    assert Change.objects.filter(object_id=customer.pk).latest("pk").fields == {"region": ["上海", "苏州"]}


def test_nothing_else_can_be_sent_along(people: People) -> None:
    customer = make.customer(people.alice, name="原来的名称")
    client = as_(people.alice)
    stolen = {"region": "苏州", "name": "偷改", "owner": people.charlie.pk, "version": 1}
    assert client.post(path(customer.pk, "region"), stolen, headers=HTMX).status_code == 204
    now = Customer.objects.visible_to(people.alice).get(pk=customer.pk)
    assert (now.name, now.owner) == ("原来的名称", people.alice)


def test_a_wrong_value_comes_back_with_its_sentence(people: People) -> None:
    customer = make.customer(people.alice)
    before = row(customer)
    answer = as_(people.alice).post(path(customer.pk, "name"), {"name": "", "version": 1}, headers=HTMX)
    assert answer.status_code == 422 and "这是必填项" in text(answer) and row(customer) == before


def test_the_second_editor_is_told_and_may_insist(people: People) -> None:
    customer = make.customer(people.alice, region="上海")
    client = as_(people.alice)
    seen = hidden(client.get(path(customer.pk, "region"), headers=HTMX))
    theirs = Customer.objects.visible_to(people.carol).get(pk=customer.pk)
    theirs.region = "无锡"
    write.update([theirs], people.carol)
    answer = client.post(path(customer.pk, "region"), {**seen, "region": "苏州"}, headers=HTMX)
    assert answer.status_code == 409 and "王芳" in text(answer) and "无锡" in text(answer) and "苏州" in text(answer)
    again = client.post(path(customer.pk, "region"), {**hidden(answer), "region": "苏州"}, headers=HTMX)
    assert again.status_code == 204
    assert Customer.objects.visible_to(people.alice).get(pk=customer.pk).region == "苏州"


def test_who_may_not_change_leaves_no_trace(people: People) -> None:
    customer = make.customer(people.alice, region="上海")
    before = row(customer)
    typed = {"region": "苏州", "version": 1}
    assert as_(people.charlie).post(path(customer.pk, "region"), typed, headers=HTMX).status_code == 404
    for field in ("owner", "number", "version", "pool_state"):
        assert as_(people.alice).post(path(customer.pk, field), {field: 1}, headers=HTMX).status_code in (403, 404)
    grant(people.seller, "customers.customer", all_permissions("customers.customer") - {"change"}, Scope.OWN)
    assert as_(people.alice).post(path(customer.pk, "region"), typed, headers=HTMX).status_code == 403
    page = text(as_(people.alice).get(f"{LIST}{customer.pk}/"))
    assert "data-cell" not in page and "data-editable" not in text(as_(people.alice).get(LIST))
    assert row(customer) == before


def test_a_value_that_stays_writes_nothing(people: People) -> None:
    customer = make.customer(people.alice, region="上海")
    before = row(customer)
    answer = as_(people.alice).post(path(customer.pk, "region"), {"region": "上海", "version": 1}, headers=HTMX)
    assert answer.status_code == 204 and not events(answer) and row(customer) == before
