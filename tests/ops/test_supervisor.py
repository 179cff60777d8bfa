"""`make run`'s supervisor starts again what dies, and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], Any], seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s")


def answers(port: int) -> bool:
    with suppress(OSError):
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2).status == 200
    return False


def started_for(var: Path) -> list[psutil.Process]:
    """Every process that has this folder in its environment or command line, whoever its parent."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            words = [*process.environ().values(), *process.cmdline()]
            if process.pid != os.getpid() and any(str(var) in word for word in words):
                found.append(process)
    return found


@pytest.fixture
def product(var: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    (var / "log").mkdir()
    port = free_port()
    variables: dict[str, Any] = {
        "CRM_VAR": str(var),
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "PYTHON": sys.executable,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "WEB_WORKERS": "1",
        "WEB_THREADS": "1",
        "JOB_WORKERS": "1",
        "STATICFILES_STORAGE": "django.contrib.staticfiles.storage.StaticFilesStorage",  # nothing is collected here
        "OUR_SERVERS": "postgres valkey",
    }
    command = [sys.executable, "-m", "supervisor.supervisord", "-c", "deploy/supervisord.conf"]
    supervisor = subprocess.Popen(command, cwd=ROOT, env=os.environ | variables, stdout=subprocess.DEVNULL)
    yield supervisor, port
    left = started_for(var)
    for process in left:
        process.kill()
    psutil.wait_procs(left, timeout=5)
    supervisor.wait()


@pytest.mark.slow
def test_what_dies_is_started_again_and_sigterm_leaves_nothing(
    product: tuple[subprocess.Popen[bytes], int], var: Path
) -> None:
    supervisor, port = product

    def program(words: str) -> psutil.Process | None:
        for child in psutil.Process(supervisor.pid).children():
            with suppress(psutil.Error):
                if words in " ".join(child.cmdline()):
                    return child
        return None

    wait_for(lambda: answers(port))
    wait_for(lambda: (var / "postgres/postmaster.pid").exists())

    killed = {words: wait_for(lambda words=words: program(words)) for words in ("celery -A crm worker", "granian")}
    for process in killed.values():
        process.kill()
    for words, dead in killed.items():
        wait_for(lambda words=words, dead=dead: (again := program(words)) and again.pid != dead.pid)
    wait_for(lambda: answers(port))

    supervisor.send_signal(signal.SIGTERM)
    supervisor.wait(timeout=60)
    wait_for(lambda: not started_for(var), 10)
