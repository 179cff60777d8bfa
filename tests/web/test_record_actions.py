"""Doing something with one record or many over HTTP: asked, done, refused, told."""

import pytest

from crm.org.models import Scope
from crm.testing.people import People, all_permissions, grant
from customers.models import Contact, Customer
from tests.customers import make
from tests.web.record_pages import DIALOG, HTMX, as_, events, row, text

pytestmark = pytest.mark.django_db

LIST, POOL = "/customers/customer/", "/customers/pool/"


def do(customer: Customer, action: str) -> str:
    return f"{LIST}{customer.pk}/do/{action}/"


class TestOne:
    def test_a_form_is_asked_in_a_dialog(self, people: People) -> None:
        customer = make.customer(people.alice, name="上海华信")
        dialog = text(as_(people.alice).get(do(customer, "transfer"), headers=DIALOG))
        assert "<html" not in dialog and 'id="dialog-title"' in dialog
        assert "上海华信" in dialog and 'name="owner"' in dialog and "联系人和跟进一并转移" in dialog
        assert "<html" in text(as_(people.alice).get(do(customer, "transfer"))), "without scripts it is a page"

    def test_done_tells_the_page(self, people: People) -> None:
        customer = make.customer(people.carol)
        answer = as_(people.carol).post(do(customer, "transfer"), {"owner": people.bob.pk}, headers=DIALOG)
        assert answer.status_code == 204 and "HX-Redirect" not in answer.headers
        assert events(answer)["saved"] == {"pk": customer.pk, "stay": False}
        assert Customer.objects.get().owner == people.bob

    def test_a_record_that_went_out_of_sight_leads_back_to_the_list(self, people: People) -> None:
        customer = make.customer(people.alice)
        here = {**DIALOG, "HX-Current-URL": f"http://testserver{LIST}{customer.pk}/?tab=changes"}
        answer = as_(people.alice).post(do(customer, "transfer"), {"owner": people.bob.pk}, headers=here)
        assert answer.headers["HX-Redirect"] == LIST

    def test_from_a_list_the_page_stays(self, people: People) -> None:
        customer = make.customer(people.alice)
        here = {**DIALOG, "HX-Current-URL": f"http://testserver{LIST}?q=x"}
        answer = as_(people.alice).post(do(customer, "transfer"), {"owner": people.bob.pk}, headers=here)
        assert "HX-Redirect" not in answer.headers and "saved" in events(answer)

    def test_wrong_input_comes_back_and_changes_nothing(self, people: People) -> None:
        customer = make.customer(people.alice)
        before = row(customer)
        answer = as_(people.alice).post(do(customer, "give_back"), {"reason": ""}, headers=DIALOG)
        assert answer.status_code == 422 and "aria-invalid" in text(answer)
        assert row(customer) == before

    def test_a_refusal_stands_in_the_dialog_with_what_was_typed(self, people: People) -> None:
        customer = make.customer(people.alice)
        before = row(customer)
        typed = {"owner": people.alice.pk, "reason": "手滑"}
        answer = as_(people.alice).post(do(customer, "transfer"), typed, headers=DIALOG)
        assert answer.status_code == 409 and "客户已归 李娜 负责" in text(answer) and "手滑" in text(answer)
        assert row(customer) == before

    def test_a_refusal_without_a_dialog_is_a_notice(self, people: People) -> None:
        customer = make.customer(people.alice)
        answer = as_(people.alice).post(do(customer, "claim"), headers=HTMX)
        assert answer.status_code == 409 and events(answer)["toast"]["kind"] == "danger"
        assert answer.headers["HX-Reswap"] == "none"

    def test_what_is_blocked_says_so_instead_of_asking(self, people: People) -> None:
        customer = make.customer(people.alice)
        answer = as_(people.carol).get(do(customer, "give_back"), headers=DIALOG)
        assert answer.status_code == 409 and "只有负责人可以退回客户" in text(answer)

    def test_the_right_is_asked_before_anything_else(self, people: People) -> None:
        customer = make.customer(people.alice)
        grant(people.seller, Customer.key(), all_permissions(Customer.key()) - {"transfer"}, Scope.OWN)
        before = row(customer)
        for data in ({}, {"owner": people.bob.pk}):
            assert as_(people.alice).get(do(customer, "transfer"), headers=DIALOG).status_code == 403
            assert as_(people.alice).post(do(customer, "transfer"), data, headers=DIALOG).status_code == 403
        assert row(customer) == before

    def test_an_action_that_does_not_exist_is_not_found(self, people: People) -> None:
        customer = make.customer(people.alice)
        for name in ("nonsense", "refusal", "delete"):
            assert as_(people.alice).post(do(customer, name)).status_code == 404


class TestDelete:
    def test_danger_asks_first_with_the_focus_on_cancel(self, people: People) -> None:
        customer = make.customer(people.alice, name="上海华信")
        dialog = text(as_(people.alice).get(f"{LIST}{customer.pk}/delete/", headers=DIALOG))
        assert "btn-danger" in dialog and "上海华信" in dialog and "回收站" in dialog
        assert "data-close data-focus>取消" in dialog
        assert Customer.objects.alive().count() == 1

    def test_a_deleted_record_leads_back_to_the_list(self, people: People) -> None:
        customer = make.customer(people.alice)
        here = {**DIALOG, "HX-Current-URL": f"http://testserver{LIST}{customer.pk}/"}
        answer = as_(people.alice).post(f"{LIST}{customer.pk}/delete/", headers=here)
        assert answer.headers["HX-Redirect"] == LIST
        assert not Customer.objects.alive().exists() and Customer.objects.get().deleted_by == people.alice

    def test_what_others_need_stays_and_they_are_named(self, people: People) -> None:
        customer = make.customer(people.alice)
        make.contact(customer, people.alice, "陈静")
        make.contact(customer, people.alice, "刘洋")
        make.follow_up(customer, people.alice, "约了下周见面")
        before = row(customer)
        url = f"{LIST}{customer.pk}/delete/"
        for answer in (as_(people.alice).get(url, headers=DIALOG), as_(people.alice).post(url, headers=DIALOG)):
            assert answer.status_code == 409
            for said in ("2", "联系人", "陈静", "刘洋", "客户跟进", "约了下周见面"):
                assert said in text(answer)
        assert row(customer) == before

    def test_what_the_user_may_not_see_is_counted_but_not_named(self, people: People) -> None:
        customer = make.customer(people.alice, name="集团总部")
        make.customer(people.charlie, name="机密分公司", parent=customer)
        page = text(as_(people.alice).post(f"{LIST}{customer.pk}/delete/", headers=DIALOG))
        assert "1" in page and "客户" in page and "机密分公司" not in page

    def test_once_the_others_are_gone_it_may_go_too(self, people: People) -> None:
        customer = make.customer(people.alice)
        contact = make.contact(customer, people.alice)
        assert as_(people.alice).post(f"/customers/contact/{contact.pk}/delete/").status_code == 302
        assert as_(people.alice).post(f"{LIST}{customer.pk}/delete/").status_code == 302
        assert not Customer.objects.alive().exists()

    def test_a_reader_deletes_nothing(self, people: People) -> None:
        customer = make.customer(people.alice)
        Customer.share_tables().share(customer, people.bob, editable=True, by=people.alice)
        before = row(customer)
        assert as_(people.bob).post(f"{LIST}{customer.pk}/delete/").status_code == 403
        assert as_(people.charlie).post(f"{LIST}{customer.pk}/delete/").status_code == 404
        assert row(customer) == before


class TestMany:
    def test_the_dialog_counts_and_names_them(self, people: People) -> None:
        ids = [make.customer(people.alice, name=f"客户{number}").pk for number in range(7)]
        dialog = text(as_(people.alice).get(f"{LIST}do/transfer/", {"ids": ids}, headers=DIALOG))
        assert "转移 7 个客户" in dialog and "客户4" in dialog and "客户5" not in dialog and "以及另外 2 条" in dialog
        assert dialog.count('name="ids"') == 7

    def test_all_are_done_and_counted(self, people: People) -> None:
        ids = [make.customer(people.alice).pk for _ in range(3)]
        answer = as_(people.alice).post(f"{LIST}do/transfer/", {"ids": ids, "owner": people.bob.pk}, headers=DIALOG)
        assert answer.status_code == 204 and "3" in events(answer)["toast"]["text"]
        assert set(Customer.objects.values_list("owner", flat=True)) == {people.bob.pk}

    def test_rows_that_refuse_are_named_with_their_reason_and_the_others_are_done(self, people: People) -> None:
        free, needed = make.customer(people.alice, name="可以删除"), make.customer(people.alice, name="删除不了")
        make.contact(needed, people.alice, "陈静")
        answer = as_(people.alice).post(f"{LIST}delete/", {"ids": [free.pk, needed.pk]}, headers=DIALOG)
        page = text(answer)
        assert answer.status_code == 200 and "删除不了" in page and "陈静" in page and "可以删除" not in page
        assert (answer.headers["HX-Retarget"], events(answer)["saved"]["stay"]) == ("#dialog-body", True)
        assert list(Customer.objects.alive()) == [needed]

    def test_every_row_of_the_query_can_be_meant(self, people: People) -> None:
        grades = [make.customer(people.alice, customer_class=grade) for grade in "AAB"]
        url = f"{LIST}do/transfer/?customer_class=A"
        dialog = text(as_(people.alice).get(f"{url}&all=1", headers=DIALOG))
        assert "转移 2 个客户" in dialog and 'name="all"' in dialog and 'name="ids"' not in dialog
        as_(people.alice).post(url, {"all": "1", "owner": people.bob.pk}, headers=DIALOG)
        owners = [Customer.objects.get(pk=customer.pk).owner for customer in grades]
        assert owners == [people.bob, people.bob, people.alice]

    def test_a_row_out_of_sight_stops_all(self, people: People) -> None:
        mine, theirs = make.customer(people.alice), make.customer(people.charlie)
        before = row(mine), row(theirs)
        answer = as_(people.alice).post(
            f"{LIST}do/transfer/", {"ids": [mine.pk, theirs.pk], "owner": people.bob.pk}, headers=HTMX
        )
        assert answer.status_code == 404
        assert (row(mine), row(theirs)) == before

    def test_the_dialog_names_no_row_out_of_sight(self, people: People) -> None:
        mine, theirs = make.customer(people.alice, name="我的"), make.customer(people.charlie, name="机密")
        page = text(as_(people.alice).get(f"{LIST}delete/", {"ids": [mine.pk, theirs.pk]}, headers=DIALOG))
        assert "我的" in page and "机密" not in page

    def test_nothing_chosen_and_too_many_are_refused(self, people: People) -> None:
        client = as_(people.alice)
        for ids in ([], ["x", "-1", "9" * 40]):
            assert client.post(f"{LIST}delete/", {"ids": ids}, headers=HTMX).status_code == 409
        assert client.post(f"{LIST}delete/", {"ids": list(range(1, 1002))}, headers=HTMX).status_code == 409

    def test_single_actions_are_not_offered_for_many(self, people: People) -> None:
        customer = make.customer()
        assert as_(people.alice).post(f"{POOL}do/apply/", {"ids": [customer.pk]}).status_code == 404

    def test_without_the_right_nothing_is_done(self, people: People) -> None:
        contact = make.contact(make.customer(people.alice), people.alice)
        grant(people.seller, Contact.key(), all_permissions(Contact.key()) - {"delete"}, Scope.OWN)
        before = row(contact)
        for send in (as_(people.alice).get, as_(people.alice).post):
            assert send("/customers/contact/delete/", {"ids": [contact.pk]}, headers=DIALOG).status_code == 403
        assert row(contact) == before
