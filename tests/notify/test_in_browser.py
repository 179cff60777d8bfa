"""The bell as a person meets it: numbers, notices and progress without loading the page again."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect, sync_playwright

from crm.jobs import queue, run
from crm.jobs.handlers import Handler, _handlers
from crm.jobs.models import Job
from crm.kernel.phrases import phrase
from crm.notify import inbox
from crm.testing.people import People, make_people

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey]
POLL = re.compile("/messages/poll/")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")


@pytest.fixture
def people() -> People:
    made = make_people()
    type(made.alice).objects.update(language="en")
    return made


@pytest.fixture(scope="module")
def chromium(django_db_setup: None) -> Iterator[Browser]:
    """One browser for all tests of this file."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright runs a loop in this thread
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium: Browser, people: People, client: Any, live_server: Any) -> Iterator[Page]:
    """Alice on the account page, which has nothing but the shell; a complaint on the console fails the test."""
    client.force_login(people.alice, backend="crm.org.auth.Backend")
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context = chromium.new_context(locale="en")
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    page, complaints = context.new_page(), []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    with page.expect_response(POLL):
        page.goto(f"{live_server.url}/account/")
    yield page
    context.close()
    assert complaints == []


def poll(tab: Page) -> None:
    """Let the bell ask now instead of in twenty seconds."""
    with tab.expect_response(POLL):
        tab.evaluate("document.body.dispatchEvent(new Event('messages'))")


def test_a_message_is_told_and_counted_while_one_works(tab: Page, people: People) -> None:
    expect(tab.locator("#bell-count")).to_be_empty()
    inbox.send([people.alice], "assign", phrase("Carol assigned a customer to you"))
    poll(tab)
    expect(tab.locator("#bell-count")).to_contain_text("1 unread")
    expect(tab.locator("c-toast")).to_contain_text("Carol assigned a customer to you")
    tab.reload()
    expect(tab.locator("#bell-count")).to_contain_text("1 unread")
    expect(tab.locator("c-toast")).not_to_contain_text("Carol")


def test_marking_all_as_read_is_undone_from_the_notice(tab: Page, people: People) -> None:
    for n in range(3):
        inbox.send([people.alice], "assign", phrase(f"message {n}"))
    tab.locator("#bell-open").click()
    expect(tab.locator("#drawer .message")).to_have_count(3)
    tab.get_by_role("button", name="Mark all as read").click()
    expect(tab.locator("#drawer")).to_contain_text("Nothing unread")
    expect(tab.locator("#bell-count")).to_be_empty()
    tab.get_by_role("button", name="Undo").click()
    expect(tab.locator("#drawer .message")).to_have_count(3)
    tab.keyboard.press("Escape")
    expect(tab.locator("#bell-open")).to_be_focused()


def test_a_job_is_watched_to_its_end(tab: Page, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    def step(job: Job) -> bool:
        job.done += 1
        return job.done < job.total

    monkeypatch.setitem(_handlers, "tests.steps", Handler("tests.steps", step))
    expect(tab.locator("#jobs-open")).to_be_hidden()
    queue.start("tests.steps", people.alice, {}, title=phrase("Import of a.xlsx"), total=2)
    poll(tab)
    tab.locator("#jobs-open").click()
    row = tab.locator("#drawer .job")
    expect(row).to_contain_text("Waiting")
    claimed = run.claim("a worker")
    assert claimed
    run.step(claimed)
    expect(row).to_contain_text("1 / 2")  # the bell asks every two seconds
    run.step(claimed)
    expect(row).to_contain_text("Finished")
    expect(tab.locator("c-toast")).to_contain_text("Finished: Import of a.xlsx")
    tab.keyboard.press("Escape")
    expect(tab.locator("#jobs-open")).to_be_hidden()


def test_a_page_that_is_not_seen_asks_for_nothing(tab: Page) -> None:
    expect(tab.locator("#bell-state[data-newest]")).to_be_attached()
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    tab.evaluate("document.body.dispatchEvent(new Event('messages'))")
    tab.wait_for_timeout(500)
    assert asked == []
    tab.evaluate("Object.defineProperty(document, 'hidden', {value: false})")
    poll(tab)
    assert len(asked) == 1


def test_a_session_that_ends_stops_the_bell_and_leaves_the_page(tab: Page, people: People) -> None:
    address = tab.url
    tab.context.clear_cookies()
    poll(tab)
    expect(tab.locator("#bell-state")).to_have_count(0)
    assert tab.url == address
