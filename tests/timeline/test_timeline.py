"""The timeline: what stands in it, for whom, and in which order."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm.flow.run import run
from crm.kernel.dates import now
from crm.notify.models import Message
from crm.org.models import Scope, User
from crm.record import write
from crm.record.attachments import attach
from crm.record.models import Change
from crm.testing.contract import HOSTILE
from crm.testing.people import People, all_permissions, grant
from crm.timeline import comments
from crm.timeline.feed import SHOWN
from crm.timeline.models import Comment, Like
from customers.flows import ownership
from customers.models import Contact, Customer
from tests.customers import make

HTMX = {"HX-Request": "true"}


@pytest.fixture
def customer(people: People) -> Customer:
    return make.customer(people.alice)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="crm.org.auth.Backend")
    return client


def timeline(user: User, customer: Customer, **params: Any) -> str:
    answer = signed_in(user).get(f"/customers/customer/{customer.pk}/tab/timeline/", params)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def post(user: User, customer: Customer, **data: Any) -> Any:
    return signed_in(user).post(f"/customers/customer/{customer.pk}/comments/", data, headers=HTMX)


# -- what stands in it


def test_it_is_the_first_tab_and_open(people: People, customer: Customer) -> None:
    page = signed_in(people.alice).get(f"/customers/customer/{customer.pk}/").content.decode()
    assert re.search(r'id="tab-1" href="[^"]*tab=timeline"[^>]*aria-current="true"', page)
    assert 'id="timeline-items"' in page


def test_everything_that_happened_stands_in_it_newest_first(people: People, customer: Customer) -> None:
    one = Customer.objects.get(pk=customer.pk)
    one.region, one.address = "上海", "南京路1号"
    write.update([one], people.alice)
    run(ownership.transfer, Customer, [customer.pk], by=people.alice, data={"owner": people.bob, "reason": "休假"})
    make.follow_up(customer, people.bob, "谈了价格")
    attach(customer, SimpleUploadedFile("报价单.txt", b"1"), people.bob)
    comments.comment(customer, "注意账期", people.bob)
    page = timeline(people.bob, customer)
    order = [page.index(text) for text in ("注意账期", "报价单.txt", "谈了价格", "休假", "修改了 2 个字段")]
    assert order == sorted(order)
    assert "南京路1号" in page and "张伟" in page


@pytest.mark.parametrize(
    ("kind", "there"), [("follow_up", "谈了价格"), ("document", "陈静"), ("comment", "注意账期"), ("system", "已创建")]
)
def test_it_is_narrowed_to_one_kind(people: People, customer: Customer, kind: str, there: str) -> None:
    make.contact(customer, people.alice, "陈静")
    make.follow_up(customer, people.alice, "谈了价格")
    comments.comment(customer, "注意账期", people.alice)
    page = timeline(people.alice, customer, kind=kind)
    texts = {"谈了价格", "陈静", "注意账期"}
    assert {text for text in texts if text in page} == texts & {there}
    assert len(re.findall("timeline-item", page)) >= 1


def test_pages_follow_each_other_without_gap_or_repetition(people: People, customer: Customer) -> None:
    at = now()
    for n in range(SHOWN + 5):
        comment = comments.comment(customer, f"评论{n:02}号", people.alice)
        Comment.objects.filter(pk=comment.pk).update(at=at)  # all at one instant
        contact = make.contact(customer, people.alice, f"联系人{n:02}号")
        Contact.objects.filter(pk=contact.pk).update(created_at=at - timedelta(seconds=n // 7))
    seen: list[str] = []
    page = timeline(people.alice, customer)
    while True:
        seen += re.findall(r"(?:评论|联系人)\d\d号", re.sub(r"<summary.*?</summary>", "", page))
        older = re.search(r'hx-get="([^"]*more=1)"', page)
        if older is None:
            break
        page = signed_in(people.alice).get(older[1].replace("&amp;", "&")).content.decode()
        assert "<nav" not in page
    assert len(seen) == len(set(seen)) == 2 * (SHOWN + 5)


@pytest.mark.parametrize("after", ["x", "2020-01-01~0~1", "2020-01-01T00:00:00+00:00~a~1", "~~", "9" * 50])
def test_a_place_that_cannot_be_read_is_the_beginning(people: People, customer: Customer, after: str) -> None:
    comments.comment(customer, "注意账期", people.alice)
    assert "注意账期" in timeline(people.alice, customer, after=after)


def test_it_costs_the_same_for_few_lines_and_for_many(people: People, customer: Customer) -> None:
    client, costs = signed_in(people.alice), []
    for count in (1, 9):
        for n in range(count):
            above = comments.comment(customer, f"@王芳 第{n}条", people.alice)
            comments.comment(customer, "好", people.carol, parent=above.pk)
            comments.like(above, people.carol)
            make.follow_up(customer, people.alice, "谈了价格")
            attach(customer, SimpleUploadedFile(f"{count}-{n}.txt", b"1"), people.alice)
        client.get(f"/customers/customer/{customer.pk}/tab/timeline/")
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/customers/customer/{customer.pk}/tab/timeline/")
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 12, costs


def test_children_out_of_reach_are_absent(people: People, customer: Customer) -> None:
    make.follow_up(customer, people.alice, "谈了价格")
    grant(people.seller, "customers.customerfollowup", set(), Scope.OWN)
    page = timeline(people.alice, customer)
    assert "谈了价格" not in page and "kind=follow_up" not in page


def test_it_is_out_of_reach_with_the_record(people: People, customer: Customer) -> None:
    charlie = signed_in(people.charlie)
    path = f"/customers/customer/{customer.pk}"
    comment = comments.comment(customer, "注意账期", people.alice)
    assert charlie.get(f"{path}/tab/timeline/").status_code == 404
    assert charlie.get(f"{path}/comments/people/?q=王").status_code == 404
    for address in ("comments/", f"comments/{comment.pk}/like/", f"comments/{comment.pk}/delete/"):
        assert charlie.post(f"{path}/{address}", {"text": "x"}).status_code == 404
    assert Comment.objects.get() == comment and comment.deleted_at is None


# -- comments


def test_a_comment_is_shown_at_once_and_stays(people: People, customer: Customer) -> None:
    answer = post(people.alice, customer, text="  注意账期\r\n月结 30 天  ")
    assert answer.status_code == 200 and "注意账期\n月结 30 天" in answer.content.decode()
    assert "注意账期" in timeline(people.carol, customer)


def test_an_empty_or_endless_comment_is_refused(people: People, customer: Customer) -> None:
    assert post(people.alice, customer, text=" \n ").status_code == 400
    assert post(people.alice, customer, text="长" * 2001).status_code == 400
    assert not Comment.objects.exists()


@pytest.mark.parametrize(
    "text",
    [
        HOSTILE,
        "javascript:alert(1)",
        '<a href="javascript:m()">x</a>',
        'https://x.cn/"onmouseover="m()',
        "https://x.cn/<script>m()</script>",
        "@王芳<img src=x onerror=m()>",
        "{{ 7*7 }}",
    ],
)
def test_markup_in_a_comment_stays_text(people: People, customer: Customer, text: str) -> None:
    page = post(people.alice, customer, text=text).content.decode() + timeline(people.alice, customer)
    assert "<script>m" not in page and "<img src" not in page and not re.search(r"<[^>]+\son\w+=", page)
    assert 'href="javascript' not in page and "49" not in re.sub(r"\d{3,}", "", page)


def test_addresses_become_links(people: People, customer: Customer) -> None:
    page = post(people.alice, customer, text="见 https://example.com/a?b=1&c=2，谢谢").content.decode()
    assert '<a href="https://example.com/a?b=1&amp;c=2" rel="nofollow noopener noreferrer"' in page
    assert "2</a>，谢谢" in page


def test_whoever_is_mentioned_is_told(people: People, customer: Customer) -> None:
    page = post(people.alice, customer, text="@王芳 请看 @李娜").content.decode()
    assert '<strong class="mention">@王芳</strong>' in page
    message = Message.objects.get()
    assert (message.user, message.kind, message.record_id) == (people.carol, "mention", customer.pk)
    assert "李娜" in str(message)


def test_who_may_not_see_the_record_cannot_be_mentioned(people: People, customer: Customer) -> None:
    answer = post(people.alice, customer, text="@赵强 请看")
    assert answer.status_code == 409 and "\\u8d75\\u5f3a" in answer.headers["HX-Trigger"]
    assert not Comment.objects.exists() and not Message.objects.exists()


def test_people_are_offered_who_may_see_the_record(people: People, customer: Customer) -> None:
    alice = signed_in(people.alice)

    def offered(words: str) -> list[str]:
        answer = alice.get(f"/customers/customer/{customer.pk}/comments/people/", {"q": words})
        return [person["name"] for person in answer.json()["results"]]

    assert offered("wf") == offered("王") == ["王芳"]
    assert offered("赵强") == []
    assert set(offered("")) == {"王芳", "系统管理员"}


def test_of_namesakes_the_chosen_one_is_told(people: People, customer: Customer) -> None:
    User.objects.filter(pk=people.root.pk).update(real_name="王芳")
    assert post(people.alice, customer, text="@王芳 请看").status_code == 400
    assert post(people.alice, customer, text="@王芳 请看", mention=people.root.pk).status_code == 200
    assert Message.objects.get().user == people.root


def test_a_reply_stands_below_and_is_told(people: People, customer: Customer) -> None:
    above = comments.comment(customer, "注意账期", people.alice)
    reply = post(people.carol, customer, text="知道了", parent=above.pk)
    assert reply.status_code == 200
    assert Message.objects.get().user == people.alice
    further = comments.comment(customer, "好的", people.alice, parent=Comment.objects.latest("pk").pk)
    assert further.parent == above, "one level"
    page = timeline(people.alice, customer)
    assert page.index("注意账期") < page.index("知道了") < page.index("好的")
    assert page.count("timeline-item is-comment") == 1


def test_a_reply_needs_a_comment_of_the_same_record(people: People, customer: Customer) -> None:
    other = comments.comment(make.customer(people.alice, name="别的"), "别处", people.alice)
    assert post(people.alice, customer, text="x", parent=other.pk).status_code == 409


def test_only_ones_own_comment_is_deleted_and_replies_stay(people: People, customer: Customer) -> None:
    above = comments.comment(customer, "说错了", people.alice)
    comments.comment(customer, "知道了", people.carol, parent=above.pk)
    alone = comments.comment(customer, "也说错了", people.alice)
    path = f"/customers/customer/{customer.pk}/comments"
    assert signed_in(people.carol).post(f"{path}/{above.pk}/delete/", headers=HTMX).status_code == 403
    for comment in (above, alone):
        assert signed_in(people.alice).post(f"{path}/{comment.pk}/delete/", headers=HTMX).status_code == 200
    page = timeline(people.alice, customer)
    assert "说错了" not in page and "知道了" in page and "此评论已删除" in page


# -- likes


def test_a_like_is_a_toggle_with_a_count(people: People, customer: Customer) -> None:
    comment = comments.comment(customer, "注意账期", people.alice)
    path = f"/customers/customer/{customer.pk}/comments/{comment.pk}/like/"
    bodies = [signed_in(user).post(path, headers=HTMX).content.decode() for user in (people.alice, people.carol)]
    assert 'aria-pressed="true"' in bodies[1] and "<span data-count>2</span>" in bodies[1]
    off = signed_in(people.alice).post(path, headers=HTMX).content.decode()
    assert 'aria-pressed="false"' in off and "<span data-count>1</span>" in off
    assert list(Like.objects.values_list("user", flat=True)) == [people.carol.pk]


def test_a_follow_up_is_liked_by_who_may_see_it(people: People, customer: Customer) -> None:
    follow_up = make.follow_up(customer, people.alice, "谈了价格")
    path = f"/customers/customer/{customer.pk}/likes/customers.customerfollowup/{follow_up.pk}/"
    assert path in timeline(people.carol, customer)
    assert signed_in(people.carol).post(path, headers=HTMX).status_code == 200
    assert signed_in(people.charlie).post(path, headers=HTMX).status_code == 404
    assert 'aria-pressed="true"' in timeline(people.carol, customer)
    contact = make.contact(customer, people.alice)
    path = f"/customers/customer/{customer.pk}/likes/customers.contact/{contact.pk}/"
    assert signed_in(people.carol).post(path, headers=HTMX).status_code == 404


def test_without_the_right_to_view_nothing_can_be_said(people: People, customer: Customer) -> None:
    grant(people.seller, Customer.key(), all_permissions(Customer.key()) - {"view"}, Scope.OWN)
    before = Change.objects.count()
    assert post(people.alice, customer, text="x").status_code in (403, 404)
    assert not Comment.objects.exists() and Change.objects.count() == before
