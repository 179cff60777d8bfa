"""Creating and editing over HTTP: what arrives, what is refused, what is never lost."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from crm.org.models import Scope
from crm.record.models import Change
from crm.testing.people import People, all_permissions, grant
from crm.testing.races import race
from customers.models import Contact, Customer, CustomerFollowUp
from tests.customers import make
from tests.web.record_pages import DRAWER, as_, events, hidden, row, text

pytestmark = pytest.mark.django_db

NEW, NEW_CONTACT, NEW_FOLLOW_UP = (
    "/customers/customer/new/",
    "/customers/contact/new/",
    "/customers/customerfollowup/new/",
)


def edit_of(customer: Customer) -> str:
    return f"/customers/customer/{customer.pk}/edit/"


def test_the_query_string_fills_in_declared_fields_only(people: People) -> None:
    page = text(as_(people.alice).get(NEW, {"name": "上海华信", "owner": people.bob.pk, "pool_state": "idle"}))
    assert 'value="上海华信"' in page
    assert "张伟" not in page and 'name="owner"' not in page


def test_a_prefilled_record_is_chosen_only_if_it_is_visible(people: People) -> None:
    customer = make.customer(people.alice, name="苏州园林建设")
    assert f'<option value="{customer.pk}" selected>苏州园林建设</option>' in text(
        as_(people.alice).get(NEW_CONTACT, {"customer": customer.pk})
    )
    assert "苏州园林建设" not in text(as_(people.charlie).get(NEW_CONTACT, {"customer": customer.pk}))


def test_a_contact_is_offered_among_those_of_the_chosen_customer(people: People) -> None:
    customer, other = make.customer(people.alice), make.customer(people.alice, name="别家")
    make.contact(customer, people.alice, "陈静")
    make.contact(other, people.alice, "刘洋")
    page = text(as_(people.alice).get(NEW_FOLLOW_UP, {"customer": customer.pk}))
    assert ">陈静</option>" in page and ">刘洋</option>" not in page
    assert 'data-within="customer"' in page


def test_the_drawer_answers_with_an_event_instead_of_a_page(people: People) -> None:
    client = as_(people.alice)
    form = client.get(NEW, headers=DRAWER)
    assert "<html" not in text(form) and 'id="drawer-title"' in text(form)
    answer = client.post(NEW, {**hidden(form), "name": "上海华信"}, headers=DRAWER)
    customer = Customer.objects.get()
    assert (answer.status_code, customer.owner) == (204, people.alice)
    assert events(answer) == {
        "toast": {"text": "已保存", "kind": "success"},
        "saved": {"pk": customer.pk, "stay": False},
    }


def test_the_drawer_writes_no_field_that_it_does_not_show(people: People) -> None:
    as_(people.alice).post(NEW, {"name": "上海华信", "region": "上海"}, headers=DRAWER)
    assert Customer.objects.get().region == ""


def test_the_page_with_all_fields_takes_along_what_the_drawer_held(people: People) -> None:
    answer = as_(people.alice).post(NEW, {"name": "上海华信", "phone": "没填完", "whole": "1"})
    assert answer.status_code == 200
    assert (
        'value="上海华信"' in text(answer) and 'value="没填完"' in text(answer) and "aria-invalid" not in text(answer)
    )
    assert not Customer.objects.exists()


def test_save_and_new_goes_on_with_the_same_prefilled_form(people: People) -> None:
    customer = make.customer(people.alice)
    answer = as_(people.alice).post(
        f"{NEW_CONTACT}?customer={customer.pk}", {"customer": customer.pk, "name": "陈静", "then": "new"}
    )
    assert answer.headers["Location"] == f"{NEW_CONTACT}?customer={customer.pk}"
    assert Contact.objects.get().customer == customer


def test_errors_come_back_with_everything_that_was_typed(people: People) -> None:
    for headers in ({}, DRAWER):
        answer = as_(people.alice).post(NEW, {"name": "上海华信", "phone": "电话没有"}, headers=headers)
        assert answer.status_code == 422
        assert 'value="上海华信"' in text(answer) and 'value="电话没有"' in text(answer)
        assert 'role="alert" tabindex="-1" data-focus' in text(answer) and 'href="#record_phone"' in text(answer)
    assert not Customer.objects.exists()


def test_the_same_form_sent_again_leads_to_the_first_record(people: People) -> None:
    client, token = as_(people.alice), str(uuid4())
    first, second = (client.post(NEW, {"name": "上海华信", "token": token}) for _ in range(2))
    customer = Customer.objects.get()
    assert first.headers["Location"] == second.headers["Location"] == f"/customers/customer/{customer.pk}/"


def test_a_token_belongs_to_its_user_and_a_failed_form_may_be_sent_again(people: People) -> None:
    token = str(uuid4())
    assert as_(people.alice).post(NEW, {"name": "", "token": token}).status_code == 422
    as_(people.alice).post(NEW, {"name": "李娜的", "token": token})
    as_(people.bob).post(NEW, {"name": "张伟的", "token": token})
    assert set(Customer.objects.values_list("name", flat=True)) == {"李娜的", "张伟的"}


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_the_same_form_sent_twice_at_once_creates_one(people: People) -> None:
    token = str(uuid4())

    def send(given: str) -> int:
        return as_(people.alice).post(NEW, {"name": "上海华信", "token": given}).status_code

    # The control: forms of their own do create two.
    assert race(lambda: send(str(uuid4())), lambda: send(str(uuid4()))) == [302, 302]
    assert Customer.objects.count() == 2
    assert race(lambda: send(token), lambda: send(token)) == [302, 302]
    assert Customer.objects.count() == 3


def test_without_the_right_to_create_nothing_is_created(people: People) -> None:
    grant(people.seller, Customer.key(), all_permissions(Customer.key()) - {"add"}, Scope.OWN)
    client = as_(people.alice)
    assert client.get(NEW).status_code == client.post(NEW, {"name": "上海华信"}).status_code == 403
    assert not Customer.objects.exists()


def test_nobody_writes_below_a_record_that_they_may_only_read(people: People) -> None:
    customer = make.customer(people.alice)
    Customer.share_tables().share(customer, people.bob, editable=False, by=people.alice)
    client = as_(people.bob)
    assert client.get(f"/customers/customer/{customer.pk}/").status_code == 200
    answer = client.post(NEW_CONTACT, {"customer": customer.pk, "name": "陈静"})
    assert answer.status_code == 422 and 'value="陈静"' in text(answer)
    assert not Contact.objects.exists()


def test_a_contact_does_not_move_to_a_customer_that_one_may_only_read(people: People) -> None:
    customer, mine = make.customer(people.alice), make.customer(people.bob)
    Customer.share_tables().share(customer, people.bob, editable=False, by=people.alice)
    contact = make.contact(mine, people.bob)
    before = row(contact)
    answer = as_(people.bob).post(
        f"/customers/contact/{contact.pk}/edit/", {"customer": customer.pk, "name": "陈静", "version": contact.version}
    )
    assert answer.status_code == 422
    assert row(contact) == before


def test_editing_needs_the_right_on_this_record(people: People) -> None:
    customer = make.customer(people.alice)
    Customer.share_tables().share(customer, people.bob, editable=False, by=people.alice)
    before = row(customer)
    for user, status in ((people.bob, 403), (people.charlie, 404)):
        assert as_(user).get(edit_of(customer)).status_code == status
        assert as_(user).post(edit_of(customer), {"name": "改了", "version": 1}).status_code == status
    assert row(customer) == before


def test_an_edit_writes_declared_fields_only(people: People) -> None:
    customer = make.customer(people.alice, name="旧名")
    stolen = {"owner": people.bob.pk, "pool_state": "idle", "number": "X", "id": 77, "deleted_at": "2020-01-01"}
    as_(people.alice).post(edit_of(customer), {"name": "新名", "version": customer.version, **stolen})
    changed = Customer.objects.get()
    assert (changed.name, changed.owner, changed.pool_state) == ("新名", people.alice, "assigned")
    assert list(Change.objects.order_by("-pk")[0].fields) == ["name"]


def test_an_untouched_time_keeps_its_seconds(people: People) -> None:
    at = datetime(2026, 11, 22, 6, 30, 25, tzinfo=UTC)
    follow_up = make.follow_up(make.customer(people.alice), people.alice, at=at)
    path = f"/customers/customerfollowup/{follow_up.pk}/edit/"
    typed = {"customer": follow_up.customer_id, "kind": "record", "version": 1, "content": "改过的内容"}
    as_(people.alice).post(path, {**typed, "at": "2026-11-22 14:30"})
    changed = CustomerFollowUp.objects.get()
    assert (changed.at, changed.content) == (at, "改过的内容")


class TestTwoEditors:
    """Alice opens the form; before she saves, Carol changes region and phone."""

    @pytest.fixture
    def customer(self, people: People) -> Customer:
        made = make.customer(people.alice, name="上海华信", region="上海", phone="021-58880001")
        as_(people.carol).post(
            edit_of(made), {"name": "上海华信", "region": "苏州", "phone": "021-58880002", "version": made.version}
        )
        return made

    def save(self, people: People, customer: Customer, **typed: object) -> object:
        mine = {"name": "上海华信", "region": "上海", "phone": "021-58880001", "version": customer.version}
        return as_(people.alice).post(edit_of(customer), {**mine, **typed})

    def test_the_second_is_told_who_changed_what_and_loses_nothing(self, people: People, customer: Customer) -> None:
        before = row(customer)
        answer = self.save(people, customer, region="杭州", short_name="华信")
        page = text(answer)
        assert answer.status_code == 409  # type: ignore[attr-defined]
        assert "王芳" in page and "苏州" in page and 'value="杭州"' in page and 'value="华信"' in page
        assert '<input type="radio" name="take_region" value="mine" checked>' in page
        assert '<input type="radio" name="take_phone" value="theirs" checked>' in page, (
            "a field left alone stays theirs"
        )
        assert row(customer) == before

    def test_saving_again_takes_the_chosen_values(self, people: People, customer: Customer) -> None:
        told = self.save(people, customer, region="杭州")
        chosen = {"take_region": "mine", "take_phone": "theirs", **hidden(told)}
        assert self.save(people, customer, region="杭州", **chosen).status_code == 302  # type: ignore[attr-defined]
        changed = Customer.objects.get()
        assert (changed.region, changed.phone) == ("杭州", "021-58880002")

    def test_the_answer_counts_only_for_the_version_that_was_shown(self, people: People, customer: Customer) -> None:
        told = self.save(people, customer, region="杭州")
        changed = Customer.objects.get()
        as_(people.carol).post(
            edit_of(changed), {"name": "上海华信", "region": "无锡", "phone": changed.phone, "version": changed.version}
        )
        again = self.save(people, customer, region="杭州", take_region="mine", **hidden(told))
        assert again.status_code == 409 and "无锡" in text(again)  # type: ignore[attr-defined]
        assert Customer.objects.get().region == "无锡"

    def test_other_fields_and_equal_values_do_not_collide(self, people: People, customer: Customer) -> None:
        typed = {"region": "苏州", "phone": "021-58880002", "short_name": "华信"}
        assert self.save(people, customer, **typed).status_code == 302  # type: ignore[attr-defined]
        assert Customer.objects.get().short_name == "华信"

    def test_a_form_without_a_version_overwrites_nothing(self, people: People, customer: Customer) -> None:
        assert self.save(people, customer, region="杭州", version="").status_code == 409  # type: ignore[attr-defined]
        assert Customer.objects.get().region == "苏州"

    def test_the_drawer_shows_the_conflict_too(self, people: People, customer: Customer) -> None:
        typed = {"name": "上海华信", "phone": "021-58880009", "version": customer.version}
        answer = as_(people.alice).post(edit_of(customer), typed, headers=DRAWER)
        assert answer.status_code == 409 and 'id="drawer-title"' in text(answer) and "021-58880009" in text(answer)


def test_theirs_can_be_taken_for_every_kind_of_field(people: People) -> None:
    customer = make.customer(people.alice)
    boss = make.contact(customer, people.alice, "刘洋")
    contact = make.contact(customer, people.alice, "陈静")
    role = make.option("customers.contact_role", "决策人")
    path = f"/customers/contact/{contact.pk}/edit/"
    same = {"customer": customer.pk, "name": "陈静", "version": contact.version}
    theirs = {
        "role": role.pk,
        "superior": boss.pk,
        "lunar_birthday": "on",
        "birthday": "1990-05-03",
        "gender": "female",
    }
    assert as_(people.carol).post(path, {**same, **theirs}).status_code == 302
    told = as_(people.alice).post(path, {**same, "title": "经理"})
    assert told.status_code == 409 and "决策人" in text(told) and "刘洋" in text(told)
    takes = {f"take_{name}": "theirs" for name in theirs}
    assert as_(people.alice).post(path, {**same, "title": "经理", **takes, **hidden(told)}).status_code == 302
    contact.refresh_from_db()
    found = (
        contact.role,
        contact.superior,
        contact.lunar_birthday,
        str(contact.birthday),
        contact.gender,
        contact.title,
    )
    assert found == (role, boss, True, "1990-05-03", "female", "经理")


def test_a_likely_duplicate_is_shown_with_a_link_only_if_visible(people: People) -> None:
    customer = make.customer(people.alice, name="上海华信科技有限公司")
    url = "/customers/customer/duplicates/"
    link = f'href="/customers/customer/{customer.pk}/"'
    assert link in text(as_(people.alice).post(url, {"name": "上海华信科技"}))
    page = text(as_(people.charlie).post(url, {"name": "上海华信科技"}))
    assert "上海华信科技有限公司" in page and "李娜" in page and link not in page
    assert "上海华信" not in text(as_(people.alice).post(f"{url}?id={customer.pk}", {"name": "上海华信科技"}))
    assert as_(people.alice).get(url, {"name": "上海华信科技"}).status_code == 405
    assert as_(people.alice).post("/customers/contact/duplicates/", {"name": "陈静"}).status_code == 404


def test_a_section_is_edited_in_the_drawer(people: People) -> None:
    customer = make.customer(people.alice, region="上海")
    page = text(as_(people.alice).get(f"{edit_of(customer)}?section=1", headers=DRAWER))
    assert 'name="region"' in page and 'name="name"' not in page
    typed = {"region": "苏州", "name": "别的", "version": customer.version}
    assert as_(people.alice).post(f"{edit_of(customer)}?section=1", typed, headers=DRAWER).status_code == 204
    changed = Customer.objects.get()
    assert (changed.region, changed.name) == ("苏州", customer.name)
    for number in ("9", "x", "-1"):
        assert 'name="name"' in text(as_(people.alice).get(f"{edit_of(customer)}?section={number}", headers=DRAWER))


def test_the_whole_page_knows_over_which_version_the_drawer_was_typed(people: People) -> None:
    customer = make.customer(people.alice, region="上海")
    as_(people.carol).post(edit_of(customer), {"name": customer.name, "region": "苏州", "version": customer.version})
    page = as_(people.alice).post(edit_of(customer), {"region": "杭州", "version": customer.version, "whole": "1"})
    assert page.status_code == 200 and 'value="杭州"' in text(page)
    assert hidden(page)["version"] == str(customer.version)
    assert Customer.objects.get().region == "苏州"
