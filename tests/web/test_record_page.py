"""The 360 page: who it is, what can be done, what refers to it, and what stays unseen."""

import re

import pytest

from crm.org.models import Scope
from crm.testing.people import People, all_permissions, grant
from customers.models import Contact, Customer
from tests.customers import make
from tests.web.record_pages import HTMX, as_, text

pytestmark = pytest.mark.django_db


def url(customer: Customer, page: str = "") -> str:
    return f"/customers/customer/{customer.pk}/{page}"


def handles(page: str) -> dict[str, str]:
    """Tab labels with their counts."""
    found = re.findall(r'<a id="tab-\d".*?>([^<]+?)(?: <span class="tab-count">([^<]*)</span>)?</a>', page)
    return dict(found)


def test_the_head_names_the_record_with_state_number_and_figures(people: People) -> None:
    customer = make.customer(people.alice, name="上海华信")
    page = text(as_(people.alice).get(url(customer)))
    assert "<h1>上海华信</h1>" in page and customer.number in page
    assert '<span class="tag tag-success">已分配</span>' in page
    assert re.search(r"<dt>负责人</dt><dd>\s*李娜\s*</dd>", page)


def test_tabs_count_what_the_user_may_see(people: People) -> None:
    customer = make.customer(people.alice)
    for name in ("陈静", "刘洋"):
        make.contact(customer, people.alice, name)
    make.follow_up(customer, people.alice)
    assert handles(text(as_(people.alice).get(url(customer)))) == {
        "动态": "",
        "联系人": "2",
        "客户跟进": "1",
        "附件": "",
        "负责人变更": "1",
        "变更历史": "1",
    }
    grant(people.seller, Contact.key(), set(), Scope.OWN)
    assert "联系人" not in handles(text(as_(people.alice).get(url(customer))))
    assert as_(people.alice).get(url(customer, "tab/contact/")).status_code == 404


def test_counts_stop_at_ninety_nine(people: People) -> None:
    customer = make.customer(people.alice)
    for number in range(101):
        make.contact(customer, people.alice, f"联系人{number}")
    page = text(as_(people.alice).get(url(customer), {"tab": "contact"}))
    assert handles(page)["联系人"] == "99+"
    assert page.count("<tr data-pk=") == 20 and f"/customers/contact/?customer={customer.pk}" in page


def test_a_tab_alone_is_a_piece_of_the_page(people: People) -> None:
    customer = make.customer(people.alice)
    make.follow_up(customer, people.alice, "电话沟通了报价")
    page = text(as_(people.alice).get(url(customer, "tab/customerfollowup/"), headers=HTMX))
    assert "电话沟通了报价" in page and "<html" not in page and 'id="tabs"' in page
    assert as_(people.alice).get(url(customer, "tab/nonsense/")).status_code == 404
    assert "<html" in text(as_(people.alice).get(url(customer), {"tab": "nonsense"}))


def test_a_tab_offers_a_new_child_only_to_whom_it_would_be_granted(people: People) -> None:
    customer = make.customer(people.alice)
    Customer.share_tables().share(customer, people.bob, editable=False, by=people.alice)
    link = f"/customers/contact/new/?customer={customer.pk}"
    assert link in text(as_(people.alice).get(url(customer)))
    page = text(as_(people.bob).get(url(customer)))
    assert link not in page and "编辑" not in page.split("record-acts")[1].split("</header>")[0]


def test_another_record_is_named_only_if_visible(people: People) -> None:
    parent = make.customer(people.charlie, name="集团总部")
    customer = make.customer(people.alice, parent=parent)
    page = text(as_(people.alice).get(url(customer)))
    assert "集团总部" not in page and "（无权查看）" in page and f"/customers/customer/{parent.pk}/" not in page
    assert f'<a href="/customers/customer/{parent.pk}/">集团总部</a>' in text(as_(people.root).get(url(customer)))


def test_what_is_done_most_stands_in_the_head_and_the_rest_says_why_not(people: People) -> None:
    mine, free = make.customer(people.alice), make.customer()
    head = text(as_(people.alice).get(url(mine))).split("record-acts")[1].split("c-menu")[0]
    assert "写跟进" in head and "获取" not in head and 'aria-keyshortcuts="E"' in head
    head = text(as_(people.alice).get(f"/customers/pool/{free.pk}/")).split("record-acts")[1].split("c-menu")[0]
    assert re.search(r'btn-primary" id="record-act-1" hx-post="/customers/pool/\d+/do/claim/"', head)
    menu = text(as_(people.carol).get(url(mine))).split("record-acts")[1]
    assert "只有负责人可以退回客户" in menu, "a blocked act says why"


def test_pages_of_unseen_and_missing_records_are_the_same(people: People) -> None:
    customer = make.customer(people.alice, name="机密客户")
    for page in ("", "edit/", "delete/", "do/transfer/", "tab/contact/", "attachments/1/"):
        unseen, missing = (
            as_(people.charlie).get(path) for path in (url(customer, page), f"/customers/customer/9999999/{page}")
        )
        assert unseen.status_code == missing.status_code == 404, page
        assert text(unseen) == text(missing).replace("9999999", str(customer.pk)), page


def test_without_the_right_to_view_the_page_is_refused(people: People) -> None:
    customer = make.customer(people.alice)
    grant(people.seller, Customer.key(), all_permissions(Customer.key()) - {"view", "view_pool"}, Scope.OWN)
    assert as_(people.alice).get(url(customer)).status_code == 403


def test_the_child_list_is_narrowed_to_its_parent(people: People) -> None:
    customer, other = make.customer(people.alice), make.customer(people.alice)
    make.contact(customer, people.alice, "陈静")
    make.contact(other, people.alice, "刘洋")
    page = text(as_(people.alice).get("/customers/contact/", {"customer": customer.pk}))
    assert "陈静" in page and "刘洋" not in page
