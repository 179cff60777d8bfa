"""Sending, counting and marking messages."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.utils.translation import gettext_lazy, ngettext_lazy, override

from crm.kernel import dates
from crm.kernel.phrases import phrase, said
from crm.notify import inbox
from crm.notify.models import Message
from crm.org.models import User

pytestmark = pytest.mark.django_db
Queries = Callable[[int], Any]


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice", "李娜")


@pytest.fixture
def bob() -> User:
    return User.objects.create_user("bob", "张伟")


def tell(*users: User, title: str = "Hello") -> None:
    inbox.send(users, "assign", phrase(title))


def test_everybody_named_gets_one_message(alice: User, bob: User) -> None:
    tell(alice, bob, alice)
    assert sorted(Message.objects.values_list("user__username", flat=True)) == ["alice", "bob"]


def test_inactive_users_get_none(alice: User, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)
    tell(alice, bob)
    assert Message.objects.get().user == alice


def test_sending_costs_two_queries_for_any_number(django_assert_num_queries: Queries) -> None:
    users = [User.objects.create(username=f"user {n}", real_name="员工") for n in range(50)]
    with django_assert_num_queries(2):
        tell(*users)
    assert Message.objects.count() == 50


def test_the_reader_reads_their_own_language(alice: User) -> None:
    title = phrase(gettext_lazy("{what}: {n}"), what=gettext_lazy("Waiting"), n=3)
    inbox.send([alice], "job", title)
    message = Message.objects.get()
    with override("zh-hans"):
        assert str(message) == "等待中: 3"
    with override("en"):
        assert str(message) == "Waiting: 3"


def test_plurals_are_kept_as_such() -> None:
    kept = ngettext_lazy("{n} row", "{n} rows", "n")
    with override("en"):
        assert [said(phrase(kept, n=n)) for n in (1, 2)] == ["1 row", "2 rows"]


def test_what_people_typed_is_not_translated_or_formatted(alice: User) -> None:
    with override("zh-hans"):
        assert said(phrase(gettext_lazy("{who}"), who="Waiting {x}")) == "Waiting {x}"
        assert said(phrase("Waiting {x}")) == "Waiting {x}"


def test_unread_are_counted_up_to_the_most_that_is_shown(alice: User, bob: User) -> None:
    assert inbox.unread(alice) == inbox.Unread(0, 0, [])
    Message.objects.bulk_create([Message(user=alice, kind="assign", title=phrase("x")) for _ in range(inbox.SHOWN + 5)])
    tell(bob)
    assert inbox.unread(alice).count == inbox.SHOWN + 1
    assert inbox.unread(bob).count == 1


def test_news_are_what_came_after_an_id(alice: User, bob: User) -> None:
    tell(alice, title="first")
    seen = inbox.unread(alice).newest
    tell(alice, title="second")
    tell(bob, title="not for her")
    tell(alice, title="third")
    assert inbox.unread(alice, seen).news == ["second", "third"]
    assert inbox.unread(alice).news == []


def test_counting_costs_one_query_on_the_index_of_unread_messages(
    alice: User, django_assert_num_queries: Queries
) -> None:
    read = [Message(user=alice, kind="x", title={"raw": "x"}, read_at=dates.now()) for _ in range(3000)]
    Message.objects.bulk_create(read)
    tell(alice)
    with django_assert_num_queries(1):
        inbox.unread(alice, 0)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE notify_message")
    plan = inbox.unread_of(alice).order_by("-pk")[:100].explain()
    assert "unread_messages_of_a_user" in plan, plan


def test_marking_one_leaves_the_others(alice: User) -> None:
    tell(alice, title="first")
    tell(alice, title="second")
    first = Message.objects.get(title=phrase("first"))
    inbox.mark_read(alice, first.pk)
    assert [str(message) for message in inbox.unread_of(alice)] == ["second"]
    assert [str(message) for message in inbox.read_of(alice)] == ["first"]


def test_marking_all_is_undone_exactly(alice: User) -> None:
    for title in ("long ago", "first", "second"):
        tell(alice, title=title)
    inbox.mark_read(alice, Message.objects.get(title=phrase("long ago")).pk)
    at = inbox.mark_read(alice)
    assert at
    assert not inbox.unread_of(alice).exists()
    assert inbox.mark_unread(alice, at) == 2
    assert sorted(str(message) for message in inbox.unread_of(alice)) == ["first", "second"]


def test_nobody_marks_somebody_elses_messages(alice: User, bob: User) -> None:
    tell(alice)
    assert inbox.mark_read(bob, Message.objects.get().pk) is None
    at = inbox.mark_read(alice)
    assert at
    assert inbox.mark_unread(bob, at) == 0
    assert inbox.read_of(alice).count() == 1


def test_messages_are_kept_for_a_year(alice: User) -> None:
    tell(alice, title="old")
    Message.objects.update(created_at=F("created_at") - timedelta(days=367))
    tell(alice, title="new")
    inbox.prune(dates.now())
    assert [str(message) for message in Message.objects.all()] == ["new"]
