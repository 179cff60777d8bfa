"""A user, a table that shows what happened, and a broker and workers of the tests' own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.db import connection
from django.utils.translation import override
from kombu import pools

from crm import embedded
from crm.jobs.broker import app
from crm.org.models import User
from tests.jobs import kinds

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice", "爱丽丝", language="en")


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob", "鲍勃", language="en")


@pytest.fixture
def effects(transactional_db: None) -> Iterator[Callable[[str], list[tuple[int, int]]]]:
    """The rows that chunks left behind, by what left them."""
    with connection.cursor() as cursor:
        cursor.execute(kinds.EFFECTS)
    yield kinds.effects
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE effect")


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """The tests read sentences in English."""
    with override("en"):
        yield


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.Valkey]:
    """A broker that the tests may empty and stop."""
    server = embedded.Valkey(tmp_path_factory.mktemp("broker"))
    server.start()
    yield server
    embedded.stop([server])


@pytest.fixture(autouse=True)
def own_broker(valkey: embedded.Valkey) -> None:
    """What these tests send goes to their own broker, which is up and empty at first."""
    embedded.start([valkey])
    redis.Redis.from_url(valkey.url).flushall()
    _connect(valkey)


def _connect(valkey: embedded.Valkey) -> None:
    url = embedded.celery_url(valkey.url)
    app.conf.update(broker_url=url, broker_read_url=url, broker_write_url=url)
    pools.reset()
    app._pool = None
    app.amqp._producer_pool = None


class Celery:
    """A Celery process on the tests' database and broker."""

    def __init__(self, valkey: embedded.Valkey, *command: str) -> None:
        database = connection.settings_dict
        url = f"postgresql://{database['USER']}:{database['PASSWORD']}@/{database['NAME']}?host={database['HOST']}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "tests.jobs.quick", *command],
            cwd=ROOT,
            env=os.environ | {"DATABASE_URL": url, "REDIS_URL": valkey.url, "IS_WORKER": "1", "SKIP_CHECKS": "1"},
            start_new_session=True,
        )

    def kill(self) -> None:
        """End it with all its children at once, as a crash of the machine does."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@pytest.fixture(scope="session")
def worker(django_db_setup: None, valkey: embedded.Valkey) -> Iterator[Celery]:
    """A running worker with two children, which all tests share."""
    _connect(valkey)
    started = Celery(valkey, "worker", "-c", "2", "-l", "warning", "--without-gossip", "--without-mingle")
    yield started
    started.kill()


@pytest.fixture
def two_beats(valkey: embedded.Valkey, effects: Any) -> Iterator[None]:
    """Two beats at once."""
    beats = [Celery(valkey, "beat", "-l", "warning") for _ in range(2)]
    yield
    for beat in beats:
        beat.kill()


def eventually(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """Wait until the condition holds and give what it gave; fail if it does not in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} seconds")
