"""A browser on a running site that serves its static files as in production: joined, compressed, hashed names."""

import os
from collections.abc import Callable, Iterator
from threading import get_ident
from time import monotonic, sleep
from typing import Any

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.test import override_settings
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, Page

from crm.jobs import queue, run
from crm.org.models import User
from crm.testing.browser import DESKTOP, Device, Watch, browser, chromium, open_context, sign_in
from crm.testing.people import People, make_people

Visit = Callable[..., Page]
MOST_WAITED = 10  # seconds


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here walks through the pages."""
    for item in items:
        if "tests/journeys/" in str(item.path):
            item.add_marker(pytest.mark.journey)
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Settings under which static files come collected and joined."""
    root = tmp_path_factory.mktemp("static")
    given = {
        "STATIC_ROOT": root,
        "STORAGES": settings.STORAGES | {"staticfiles": {"BACKEND": "crm.web.bundles.Storage"}},
    }
    with override_settings(**given):
        call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=["admin", "import_export"])
    return given


@pytest.fixture(scope="package")
def running() -> Iterator[Browser]:
    """The browser. Without one, tests are skipped here and fail where CI is set."""
    if chromium() is None and not os.environ.get("CI"):
        pytest.skip("no Chromium: apt-get install chromium fonts-noto-cjk")
    with browser() as started:
        yield started


class Answering:
    """The site, and how many requests it answers at this moment."""

    def __init__(self) -> None:
        self.open: set[int] = set()

    def start(self) -> "Answering":
        """Load the site, under the settings of this moment."""
        self.site = WSGIHandler()
        return self

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """Answer one request; each has its thread."""
        self.open.add(get_ident())
        try:
            return self.site(environ, start_response)
        finally:
            self.open.discard(get_ident())

    def wait(self) -> None:
        """Until nothing is answered any more: tables cannot be emptied while a page still reads them."""
        end = monotonic() + MOST_WAITED
        while self.open and monotonic() < end:
            sleep(0.02)


answering = Answering()


@pytest.fixture(scope="package")
def site(django_db_setup: None, production: dict[str, Any]) -> Iterator[str]:
    """The address of the running site."""
    with override_settings(**production):
        server = LiveServerThread("localhost", lambda application: answering.start())
        server.daemon = True
        server.start()
        server.is_ready.wait()
    if server.error:
        raise server.error
    yield f"http://localhost:{server.port}"
    server.terminate()


@pytest.fixture(autouse=True)
def _as_in_production(production: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[None]:
    """Pages name the collected files, uploads lie apart, and jobs wait for `work` instead of waking a worker."""
    monkeypatch.setattr(queue, "wake", lambda seconds=None: True)
    with override_settings(**production, MEDIA_ROOT=tmp_path / "media"):
        yield


@pytest.fixture
def people(transactional_db: None) -> People:
    """A small company."""
    return make_people()


@pytest.fixture
def watch() -> Iterator[Watch]:
    """What the pages complain about fails the test at its end."""
    kept = Watch()
    yield kept
    assert kept.complaints == []


@pytest.fixture
def visit(running: Browser, site: str, watch: Watch) -> Iterator[Visit]:
    """Opens the browser of a person, or of nobody yet: `visit(alice, PHONE, "/customers/pool/", theme="dark")`."""
    opened = []

    def open_page(user: User | None = None, device: Device = DESKTOP, path: str = "", theme: str = "light") -> Page:
        context = open_context(running, site, device, theme)
        opened.append(context)
        watch.follow(context)
        if user:
            sign_in(context, user, site)
        page = context.new_page()
        if path:
            page.goto(path)
        return page

    yield open_page
    for context in opened:
        context.close()
    answering.wait()


def work() -> None:
    """Do the jobs that wait, as a worker would."""
    run.work("journeys")
