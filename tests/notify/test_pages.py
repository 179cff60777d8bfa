"""The bell and the message centre over HTTP."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.translation import gettext_lazy, override

from crm.flow.run import run as do
from crm.jobs import queue, run
from crm.jobs.handlers import Handler, Link, _handlers
from crm.jobs.models import Job, State
from crm.kernel import registry
from crm.kernel.phrases import phrase
from crm.notify import inbox
from crm.notify.models import Message
from crm.org.models import User
from crm.record import write
from crm.testing.factory import build
from crm.testing.people import People, make_people

pytestmark = pytest.mark.django_db
SESSION_AND_USER = 2


@pytest.fixture
def people() -> People:
    made = make_people()
    User.objects.update(language="en")
    return made


@pytest.fixture
def kind() -> Any:
    """A kind of job whose chunk is done at once."""

    def counts(job: Job) -> Any:
        return phrase(gettext_lazy("{n} rows"), n=job.done)

    def files(job: Job) -> list[Link]:
        return [Link("Rejected rows", f"/files/{job.pk}/")]

    _handlers["tests.quick"] = Handler("tests.quick", lambda job: False, counts, files)
    yield "tests.quick"
    del _handlers["tests.quick"]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="crm.org.auth.Backend")
    return client


def poll(client: Client, **params: Any) -> HttpResponse:
    return client.get("/messages/poll/", params, headers={"HX-Request": "true"})  # type: ignore[return-value]


def html(answer: HttpResponse) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def tell(*users: User, title: str = "Hello", **more: Any) -> Message:
    inbox.send(users, "assign", phrase(title), **more)
    return Message.objects.latest("pk")


def post(client: Client, path: str, **data: Any) -> HttpResponse:
    return client.post(path, data, headers={"HX-Request": "true"})  # type: ignore[return-value]


def events(answer: HttpResponse) -> Any:
    return json.loads(answer.headers["HX-Trigger"])


# -- the poll


def test_a_poll_costs_two_queries(people: People, django_assert_num_queries: Callable[[int], Any]) -> None:
    client = signed_in(people.alice)
    for n in range(30):
        tell(people.alice, title=f"message {n}")
        queue.start("tests.unknown", people.alice, {}, title=phrase("Rows"))
    poll(client)
    for params in ({}, {"since": "0"}, {"panel": "jobs"}):
        with django_assert_num_queries(SESSION_AND_USER + 2):
            poll(client, **params)


def test_a_poll_counts_what_is_unread_and_what_runs(people: People) -> None:
    client = signed_in(people.alice)
    tell(people.alice)
    tell(people.bob)
    queue.start("tests.unknown", people.alice, {}, title=phrase("Rows"))
    answer = html(poll(client))
    assert "1 unread" in answer
    assert "1 running" in answer
    assert "every 2s" in answer


def test_without_jobs_the_poll_is_slow(people: People) -> None:
    assert "every 20s" in html(poll(signed_in(people.alice)))


def test_new_messages_are_told_once(people: People) -> None:
    client = signed_in(people.alice)
    seen = tell(people.alice, title="known").pk
    assert "HX-Trigger" not in poll(client, since=seen).headers
    tell(people.alice, title="Bob assigned a customer to you")
    assert events(poll(client, since=seen))["toast"]["text"] == "Bob assigned a customer to you"
    tell(people.alice, title="another")
    assert events(poll(client, since=seen))["toast"]["text"] == "2 new messages"
    assert "HX-Trigger" not in poll(client, since=Message.objects.latest("pk").pk).headers


def test_a_browser_that_is_new_here_is_told_nothing(people: People) -> None:
    tell(people.alice)
    assert "HX-Trigger" not in poll(signed_in(people.alice), since="").headers


def test_the_poll_of_a_page_whose_session_ended_stops(people: People) -> None:
    answer = poll(Client())
    assert (answer.status_code, answer.content, "HX-Redirect" in answer.headers) == (286, b"", False)


def test_polling_keeps_no_session_alive(people: People) -> None:
    client = signed_in(people.alice)
    session = client.session
    session["began"], session["seen"] = session.get("began", 2**31), 1_000_000
    session["began"] = 1_000_000
    session.save()
    assert poll(client).status_code == 286


def test_open_jobs_are_kept_up_to_date_by_the_poll(people: People, kind: str) -> None:
    client = signed_in(people.alice)
    job = queue.start(kind, people.alice, {}, title=phrase("Import of a.xlsx"), total=10)
    assert "Import of a.xlsx" in html(poll(client, panel="jobs"))
    assert "Import of a.xlsx" not in html(poll(client))
    run.work("a worker")
    job.refresh_from_db()
    assert "Finished" in html(poll(client, panel="jobs"))


# -- reading


def test_the_drawer_shows_ones_own_unread_messages(people: People) -> None:
    tell(people.alice, title="for her")
    tell(people.bob, title="for him")
    inbox.mark_read(people.alice)
    tell(people.alice, title="unread")
    answer = html(signed_in(people.alice).get("/messages/drawer/"))
    assert "unread" in answer
    assert "for him" not in answer
    assert "for her" not in answer
    assert "for her" in html(signed_in(people.alice).get("/messages/drawer/?tab=read"))


def test_opening_a_message_marks_it_and_goes_where_it_leads(people: People) -> None:
    client = signed_in(people.alice)
    record = build(registry.get("customers.customer"), people.alice)
    about, path, neither = (
        tell(people.alice, about=record),
        tell(people.alice, path="/customers/pool/"),
        tell(people.alice),
    )
    targets = [client.get(f"/messages/{message.pk}/").headers["Location"] for message in (about, path, neither)]
    assert targets == [f"/customers/customer/{record.pk}/", "/customers/pool/", "/messages/"]
    assert not inbox.unread_of(people.alice).exists()


def test_somebody_elses_message_does_not_exist(people: People) -> None:
    message = tell(people.bob)
    client = signed_in(people.alice)
    assert client.get(f"/messages/{message.pk}/").status_code == 404
    assert post(client, f"/messages/{message.pk}/do/accept/").status_code == 404
    post(client, "/messages/read/", pk=message.pk)
    assert inbox.unread_of(people.bob).count() == 1


def test_the_name_of_a_record_is_shown_to_those_who_may_see_it(people: People) -> None:
    record = build(registry.get("customers.customer"), people.alice, name="机密七号公司")
    tell(people.alice, people.charlie, about=record)
    assert "机密七号公司" in html(signed_in(people.alice).get("/messages/"))
    hidden = html(signed_in(people.charlie).get("/messages/"))
    assert "机密七号公司" not in hidden
    assert "no longer yours to see" in hidden
    assert f"/messages/{Message.objects.get(user=people.charlie).pk}/" not in hidden


def test_the_name_goes_when_the_record_does(people: People) -> None:
    record = build(registry.get("customers.customer"), people.alice, name="机密七号公司")
    tell(people.alice, about=record)
    write.delete([record], people.alice)
    assert "机密七号公司" not in html(signed_in(people.alice).get("/messages/"))


def test_what_people_typed_stays_text(people: People) -> None:
    tell(people.alice, title="<script>m()</script>", body=phrase("<img src=x>"))
    answer = html(signed_in(people.alice).get("/messages/drawer/"))
    assert "<script>m()" not in answer
    assert "<img src=x>" not in answer


def test_twenty_messages_cost_the_queries_of_two(people: People) -> None:
    entity = registry.get("customers.customer")
    client = signed_in(people.alice)
    records = [build(entity, people.alice) for _ in range(20)]

    def cost(messages: int) -> int:
        Message.objects.all().delete()
        for record in records[:messages]:
            tell(people.alice, about=record, actions=("claim",))
        client.get("/messages/drawer/")
        with CaptureQueriesContext(connection) as queries:
            assert html(client.get("/messages/drawer/")).count(str(records[0])) >= 1
        return len(queries)

    assert cost(2) == cost(20) <= SESSION_AND_USER + 4


def test_history_is_paged(people: People) -> None:
    client = signed_in(people.alice)
    for n in range(45):
        tell(people.alice, title=f"message {n:02}")
    inbox.mark_read(people.alice)
    seen, path = [], "/messages/?tab=read"
    for _ in range(3):
        answer = html(client.get(path))
        seen += [n for n in range(45) if f"message {n:02}" in answer]
        path = f"/messages/?tab=read&before={Message.objects.filter(pk__in=pks(answer)).earliest('pk').pk}"
    assert sorted(seen) == list(range(45))
    assert "Older" not in answer


def pks(answer: str) -> list[int]:
    return [message.pk for message in Message.objects.all() if f'href="/messages/{message.pk}/"' in answer]


# -- marking


def test_all_are_marked_as_read_and_that_is_undone(people: People) -> None:
    client = signed_in(people.alice)
    tell(people.alice)
    tell(people.alice)
    told = events(post(client, "/messages/read/"))
    assert not inbox.unread_of(people.alice).exists()
    assert "messages" in told
    post(client, told["toast"]["url"])
    assert inbox.unread_of(people.alice).count() == 2


def test_without_scripts_marking_leads_back_to_the_page(people: People) -> None:
    message = tell(people.alice)
    answer = signed_in(people.alice).post("/messages/read/", {"pk": message.pk})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/messages/")
    assert not inbox.unread_of(people.alice).exists()


# -- actions


@pytest.fixture
def application(people: People) -> Message:
    """Alice applied for a customer in the pool; Carol is asked to decide."""
    pool = registry.get("customers.pool")
    customer = build(pool, people.root)
    do(pool.action("apply"), pool.model, [customer.pk], by=people.alice, data={"reason": "老客户"})
    return Message.objects.get(user=people.carol)


def test_an_application_is_accepted_from_the_bell(people: People, application: Message) -> None:
    client = signed_in(people.carol)
    assert f"/messages/{application.pk}/do/accept/" in html(client.get("/messages/drawer/"))
    answer = post(client, f"/messages/{application.pk}/do/accept/")
    assert answer.status_code == 204
    assert {"saved", "toast", "messages"} <= set(events(answer))
    customer = registry.get("customers.customer").queryset(people.alice).get(pk=application.record_id)
    assert customer.owner == people.alice
    application.refresh_from_db()
    assert application.read_at


def test_an_action_that_asks_for_something_opens_its_form(people: People, application: Message) -> None:
    url = f"/customers/customer/{application.record_id}/do/refuse/"
    assert f'hx-get="{url}" hx-target="#dialog-body"' in html(signed_in(people.carol).get("/messages/drawer/"))


def test_the_buttons_go_when_somebody_else_has_decided(people: People, application: Message) -> None:
    client = signed_in(people.carol)
    assert post(client, f"/messages/{application.pk}/do/accept/").status_code == 204
    inbox.mark_unread(people.carol, Message.objects.get(pk=application.pk).read_at)  # type: ignore[arg-type]
    assert "/do/" not in html(client.get("/messages/drawer/"))
    assert post(client, f"/messages/{application.pk}/do/accept/").status_code == 409


def test_a_decision_taken_elsewhere_settles_the_message(people: People, application: Message) -> None:
    pool = registry.get("customers.pool")
    do(pool.action("refuse"), pool.model, [application.record_id], by=people.root, data={"reason": "已有他人跟进"})
    assert not inbox.unread_of(people.carol).exists()
    assert inbox.unread_of(people.alice).count() == 1


def test_only_what_the_message_offers_can_be_done(people: People, application: Message) -> None:
    client = signed_in(people.carol)
    assert post(client, f"/messages/{application.pk}/do/assign/").status_code == 404
    assert post(client, f"/messages/{application.pk}/do/nonsense/").status_code == 404


# -- jobs


def test_jobs_are_shown_with_their_counts_files_and_reasons(people: People, kind: str) -> None:
    job = queue.start(kind, people.alice, {}, title=phrase("Import of a.xlsx"))
    queue.start(kind, people.bob, {}, title=phrase("Import of b.xlsx"))
    Job.objects.filter(pk=job.pk).update(
        state=State.FAILED, finished_at=job.created_at, error=phrase("Disk full"), done=7
    )
    answer = html(signed_in(people.alice).get("/messages/drawer/?tab=jobs"))
    for text in ("Import of a.xlsx", "7 rows", "Rejected rows", f"/files/{job.pk}/", "Disk full", "Failed"):
        assert text in answer
    assert "b.xlsx" not in answer


def test_jobs_that_wait_or_run_come_first(people: People, kind: str) -> None:
    active = queue.start(kind, people.alice, {}, title=phrase("active"))
    for n in range(25):
        done = queue.start(kind, people.alice, {}, title=phrase(f"done {n}"))
        queue.end(done, State.DONE)
    answer = html(signed_in(people.alice).get("/messages/?tab=jobs"))
    assert answer.index(">active<") < answer.index(">done 24<")
    older = html(signed_in(people.alice).get(f"/messages/?tab=jobs&before={active.pk + 7}"))
    assert "done 5" in older
    assert ">active<" not in older


def test_a_job_is_cancelled_from_the_bell(people: People, kind: str) -> None:
    job = queue.start(kind, people.alice, {}, title=phrase("Rows"))
    assert post(signed_in(people.bob), f"/messages/jobs/{job.pk}/cancel/").status_code == 204
    job.refresh_from_db()
    assert job.state == State.QUEUED
    post(signed_in(people.alice), f"/messages/jobs/{job.pk}/cancel/")
    job.refresh_from_db()
    assert job.state == State.CANCELLED
    assert not Message.objects.exists(), "who cancels knows it"


@pytest.mark.parametrize(("state", "title"), [(State.DONE, "Finished: Rows"), (State.FAILED, "Not finished: Rows")])
def test_whoever_started_a_job_is_told_of_its_end(people: People, kind: str, state: State, title: str) -> None:
    job = queue.start(kind, people.alice, {}, title=phrase("Rows"))
    queue.end(job, state, phrase("Disk full") if state == State.FAILED else None)
    message = Message.objects.get()
    with override("en"):
        assert (str(message), message.user, message.path) == (title, people.alice, "/messages/?tab=jobs")
    assert message.text == ("Disk full" if state == State.FAILED else "0 rows")


def test_the_products_own_jobs_tell_nobody(kind: str) -> None:
    queue.end(queue.start(kind, None, {}, title=phrase("Rows")), State.DONE)
    assert not Message.objects.exists()
