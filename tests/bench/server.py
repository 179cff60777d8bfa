"""The product as it runs in production, and a client that signs in and keeps its connection."""

import gzip
import http.client
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode

from crm.testing.people import PASSWORD
from tests.bench import database

WORKERS, THREADS = "2", "4"
IDLE = 5  # seconds after which the server may have closed a connection
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@dataclass(frozen=True)
class Answer:
    """What came back, and how long it took."""

    status: int
    seconds: float
    queries: int
    body: bytes
    headers: http.client.HTTPMessage

    @property
    def text(self) -> str:
        """The page, unpacked."""
        packed = self.headers.get("Content-Encoding") == "gzip"
        return (gzip.decompress(self.body) if packed else self.body).decode()


@contextmanager
def serving(name: str) -> Iterator[int]:
    """Granian with two workers over the database of this name; the port on which it answers."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {
        **database.environment(name),
        "DJANGO_SETTINGS_MODULE": "tests.bench.settings",
        "STATEMENT_TIMEOUT_MS": "15000",
    }
    subprocess.run([sys.executable, "-m", "scripts.prepare", "static"], env=environment, check=True)
    command = [sys.executable, "-m", "granian", "crm.wsgi:application", "--interface", "wsgi", "--port", str(port)]
    options = ["--workers", WORKERS, "--blocking-threads", THREADS, "--no-ws", "--log-level", "warning"]
    server = subprocess.Popen([*command, *options], env=environment)
    try:
        _wait(port)
        yield port
    finally:
        server.terminate()
        server.wait(20)


def _wait(port: int) -> None:
    for _ in range(300):
        try:
            if Client(port).get("/healthz").status == 200:
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise RuntimeError("the server does not answer")


class Client:
    """A browser that loads pages only."""

    def __init__(self, port: int, username: str = "") -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.used = time.monotonic()
        self.cookies: dict[str, str] = {}
        self.username = username
        if username:
            fields = self.form("/sign-in/")
            answer = self.post("/sign-in/", {**fields, "username": username, "password": PASSWORD})
            if answer.status != 302:
                raise RuntimeError(f"{username} cannot sign in: {answer.status}")

    def get(self, path: str) -> Answer:
        """Load a page."""
        return self._send("GET", path, None)

    def post(self, path: str, fields: Mapping[str, str]) -> Answer:
        """Send a form."""
        return self._send("POST", path, urlencode(fields))

    def form(self, path: str) -> dict[str, str]:
        """The hidden fields of the first form of a page that holds a token."""
        return dict(HIDDEN.findall(self.get(path).text))

    def _send(self, method: str, path: str, body: str | None) -> Answer:
        headers = {
            "Accept": "text/html",
            "Accept-Encoding": "gzip",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        if body is not None:
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "X-CSRFToken": self.cookies.get("csrftoken", ""),
            }
        if time.monotonic() - self.used > IDLE:
            self.connection.close()
        self.used = time.monotonic()
        started = time.perf_counter()
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        content = response.read()
        seconds = time.perf_counter() - started
        for name, value in response.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        return Answer(response.status, seconds, int(response.headers.get("X-Queries", 0)), content, response.headers)
