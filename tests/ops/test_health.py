"""What monitors and log readers see."""

import json
import logging
import logging.config
from datetime import timedelta
from types import SimpleNamespace

import pytest
import structlog
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from crm.jobs.models import Clock
from crm.jobs.schedule import run_due
from crm.logs import logging_config
from crm.web import health
from crm.web.jobs import ALIVE


def fail() -> str:
    raise OperationalError


def test_healthz_needs_neither_database_nor_account(client: Client) -> None:
    # Without the `db` mark any query would fail this test.
    assert client.get("/healthz").content == b"ok"


@pytest.mark.django_db
def test_readyz_needs_no_account_and_says_what_works(client: Client) -> None:
    answer = client.get("/readyz")
    body = answer.json()
    assert answer.status_code == 200
    assert isinstance(body.pop("pdf"), bool)
    assert body == {"state": "ok", "database": "ok", "disk": "ok", "broker": "ok", "worker": "unknown"}


@pytest.mark.django_db
def test_a_silent_worker_degrades(client: Client) -> None:
    clock = Clock.objects.create(name=ALIVE, slot=timezone.now() - timedelta(minutes=10))
    assert client.get("/readyz").json() | {"pdf": None} == {
        "state": "degraded",
        "database": "ok",
        "disk": "ok",
        "broker": "ok",
        "worker": "silent",
        "pdf": None,
    }
    run_due()
    clock.refresh_from_db()
    assert client.get("/readyz").json()["worker"] == "ok"


@pytest.mark.django_db
def test_a_dead_broker_degrades_but_pages_go_on(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_broker", fail)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["state"], answer.json()["broker"]) == (200, "degraded", "unreachable")


@pytest.mark.django_db
@pytest.mark.parametrize(("part", "word"), [("database", "unreachable"), ("disk", "full")])
def test_without_database_or_disk_it_is_not_ready(
    client: Client, monkeypatch: pytest.MonkeyPatch, part: str, word: str
) -> None:
    monkeypatch.setattr(health, "_database", fail if part == "database" else health._database)
    free = 0 if part == "disk" else 2**40
    monkeypatch.setattr(health.shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["state"], answer.json()[part]) == (503, "down", word)


def test_a_proxys_request_id_is_kept_and_a_strange_one_is_not(client: Client) -> None:
    assert client.get("/healthz", headers={"X-Request-Id": "abcd-1234"})["X-Request-Id"] == "abcd-1234"
    assert client.get("/healthz", headers={"X-Request-Id": 'x"\tforged'})["X-Request-Id"].isalnum()


def test_json_log_lines_carry_the_request_id() -> None:
    config = logging_config("json", "INFO")
    formatter = logging.config.DictConfigurator(config).configure_formatter(config["formatters"]["line"])
    record = logging.LogRecord("crm.test", logging.WARNING, "", 0, "客户 %s\nforged line", ("甲",), None)
    with structlog.contextvars.bound_contextvars(request_id="abcd-1234"):
        line = formatter.format(record)
    assert "\n" not in line
    found = json.loads(line)
    assert (found["event"], found["level"], found["logger"]) == ("客户 甲\nforged line", "warning", "crm.test")
    assert found["request_id"] == "abcd-1234"
