"""A browser for tests and pictures: the system's Chromium, steered by Playwright and watched for complaints."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, sync_playwright

from crm.org.models import User

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LOCAL = {"localhost", "127.0.0.1"}
RECORDER = Path(__file__).with_name("recorder.js")


@dataclass(frozen=True)
class Device:
    """What a person holds or sits at; width and height are CSS pixels."""

    width: int
    height: int
    touch: bool = False


DESKTOP, PHONE = Device(1440, 900), Device(390, 844, touch=True)


@dataclass
class Watch:
    """What went wrong in the pages of one context.

    A page may not write an error to its console, throw, ask another host, or get an answer from 500 on.
    Answers from 400 on are errors on the console too; `allow` names the ones that a test means.
    """

    complaints: list[str] = field(default_factory=list)
    allowed: set[int] = field(default_factory=set)

    def allow(self, *statuses: int) -> None:
        """From now on these answers are no complaint."""
        self.allowed.update(statuses)

    def follow(self, context: BrowserContext) -> None:
        """Listen to every page of a context."""
        context.on("console", self._console)
        context.on("weberror", lambda thrown: self.complaints.append(f"thrown: {thrown.error.stack or thrown.error}"))
        context.on("request", lambda request: self._host(request.url))
        context.on("response", self._response)

    def _console(self, said: ConsoleMessage) -> None:
        status = re.search(r"responded with a status of (\d+)", said.text)
        # htmx reports the requests that a page breaks off when it is left.
        left = re.match(r"htmx:(afterRequest|sendError|sendAbort)", said.text)
        if said.type == "error" and not left and not (status and int(status[1]) in self.allowed):
            self.complaints.append(f"console: {said.text} ({said.location.get('url', '')})")

    def _host(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in LOCAL:
            self.complaints.append(f"another host: {url}")

    def _response(self, answer: Response) -> None:
        if answer.status >= 500:
            self.complaints.append(f"{answer.status}: {answer.url}")


def chromium() -> str | None:
    """The path of the system's Chromium or Chrome; None where there is none."""
    return next((path for name in PROGRAMS if (path := shutil.which(name))), None)


@contextmanager
def browser() -> Iterator[Browser]:
    """A running browser, closed at the end. Raises FileNotFoundError where none is installed.

    Playwright runs an event loop in this thread, which Django takes for an asynchronous caller:
    meanwhile it is told not to mind.
    """
    path = chromium()
    if path is None:
        raise FileNotFoundError("No Chromium found: apt-get install chromium fonts-noto-cjk")
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with sync_playwright() as playwright:
            running = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
            yield running
            running.close()
    finally:
        if before is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def open_context(running: Browser, site: str, device: Device = DESKTOP, theme: str = "light") -> BrowserContext:
    """An empty browser profile: a Chinese one, with `theme` as the system's. Addresses are relative to `site`."""
    context = running.new_context(
        base_url=site,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        viewport={"width": device.width, "height": device.height},
        has_touch=device.touch,
        is_mobile=device.touch,
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
        accept_downloads=True,
    )
    context.set_default_timeout(15_000)
    return context


def sign_in(context: BrowserContext, user: User, site: str) -> None:
    """Give the context a session of this user without going through the sign-in page."""
    client = Client()
    client.force_login(user, backend="crm.org.auth.Backend")
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": site}])


class Recorder:
    """Counts what a task costs: interactions (I), keys with every Tab (K), loads of a whole page (L).

    A press, a burst of typing into one field, a key or a chord is one interaction; Tab is none. Choosing
    a file happens outside the page: `add` it. Make one before the page's first address.
    """

    def __init__(self, page: Page) -> None:
        self.page, self.loads, self.more = page, 0, 0
        page.add_init_script(path=RECORDER)
        page.on("request", self._load)

    def start(self) -> None:
        """Begin at zero."""
        self.page.evaluate("window.recorder = {I: 0, K: 0}")
        self.loads = self.more = 0

    def add(self, interactions: int = 1) -> None:
        """Count what the page cannot see."""
        self.more += interactions

    def counts(self) -> tuple[int, int, int]:
        """(I, K, L) since the start."""
        seen: dict[str, int] = self.page.evaluate("window.recorder")
        return seen["I"] + self.more, seen["K"] + self.more, self.loads

    def _load(self, request: Request) -> None:
        if request.is_navigation_request() and request.redirected_from is None:
            self.loads += 1
