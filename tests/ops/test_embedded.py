"""The private PostgreSQL and Valkey: found again, started again, out of others' reach."""

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from crm import embedded


def query(postgres: embedded.Postgres, sql: str) -> str:
    with psycopg.connect(host=str(postgres.home), user="crm", dbname="crm") as connection:
        row = connection.execute(sql).fetchone()
        assert row is not None
        return str(row[0])


def postmaster(postgres: embedded.Postgres) -> int:
    return int((postgres.home / "postmaster.pid").read_text().splitlines()[0])


@pytest.mark.slow
def test_servers_are_found_again_and_start_again_after_a_kill(var: Path) -> None:
    postgres, valkey = servers = [embedded.Postgres(var / "postgres"), embedded.Valkey(var / "valkey")]
    cache = redis.Redis.from_url(valkey.url)
    starter = subprocess.run(
        [sys.executable, "-m", "crm.embedded", "start"],
        env=os.environ | {"CRM_VAR": str(var), "DATABASE_URL": "", "REDIS_URL": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert starter.stdout.split() == ["postgres", "valkey"]

    # They outlive the process that started them, and are found in no time.
    before = time.process_time()
    assert embedded.start(servers) == []
    assert time.process_time() - before < 0.1

    query(postgres, "select lo_from_bytea(4711, 'still here')")
    cache.set("word", "still here")
    cache.save()
    for pid in (postmaster(postgres), cache.info()["process_id"]):
        process = psutil.Process(pid)
        process.kill()
        process.wait(10)

    assert embedded.start(servers) == ["postgres", "valkey"]
    assert query(postgres, "select convert_from(lo_get(4711), 'UTF8')") == "still here"
    assert cache.get("word") == b"still here"

    embedded.stop(servers)
    assert [server.answers() for server in servers] == [False, False]


@pytest.mark.slow
def test_the_cluster_is_ours_alone_and_its_role_no_superuser(var: Path) -> None:
    postgres = embedded.Postgres(var / "postgres")
    embedded.start([postgres])
    assert stat.S_IMODE(postgres.home.stat().st_mode) == 0o700
    assert query(postgres, "select usesuper from pg_user where usename = current_user") == "False"
    assert query(postgres, "show listen_addresses") == ""
    assert query(postgres, "show jit") == "off"
    assert query(postgres, "select lower('ÄΩ')") == "äω"


def test_a_pid_that_now_belongs_to_somebody_else_does_not_pass_for_the_server(var: Path) -> None:
    postgres = embedded.Postgres(var / "postgres")
    postgres.home.mkdir()
    (postgres.home / "postmaster.pid").write_text(f"{os.getpid()}\n\n\n\n\n\n\nready\n")
    assert not postgres.answers()


def test_servers_named_by_the_environment_are_not_run(var: Path) -> None:
    def names(**variables: str) -> list[str]:
        return [server.name for server in embedded.private_servers(var, variables)]

    assert names() == ["postgres", "valkey"]
    assert names(DATABASE_URL="postgresql://db/crm") == ["valkey"]
    assert names(DATABASE_URL="postgresql://db/crm", REDIS_URL="redis://broker") == []


def test_reading_the_settings_starts_nothing(var: Path) -> None:
    code = "import crm.settings, os; print(crm.settings.DATABASES['default']['HOST'])"
    environment = os.environ | {"CRM_VAR": str(var), "DATABASE_URL": "", "REDIS_URL": ""}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(var / "postgres")
    assert not (var / "postgres").exists()


def test_a_path_too_long_for_a_socket_is_refused_with_a_way_out(var: Path) -> None:
    with pytest.raises(SystemExit, match="set CRM_VAR to a shorter folder"):
        embedded.Postgres(var / ("long" * 30)).start()


def test_the_secret_key_is_made_once_and_nobody_else_can_read_it(var: Path) -> None:
    key = embedded.secret_key(var)
    assert len(key) >= 50
    assert embedded.secret_key(var) == key
    assert stat.S_IMODE((var / "secret_key").stat().st_mode) == 0o600
