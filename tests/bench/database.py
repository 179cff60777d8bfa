"""The measured databases: one for each scale, built once beside the product's own."""

import os
import subprocess
import sys
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from crm import embedded

COMPLETE = "complete"  # the comment on a database whose rows are all in


def url(name: str) -> str:
    """The address of a database beside the product's own."""
    own = os.environ.get("DATABASE_URL") or embedded.Postgres(embedded.var_dir() / "postgres").url
    return urlsplit(own)._replace(path=f"/{name}").geturl()


def ensure(scale: str) -> str:
    """The address of the database of a scale; builds it if it is missing or half built."""
    embedded.start()
    name = f"bench_{scale}"
    if _comment(name) != COMPLETE:
        recreate(name)
        subprocess.run([sys.executable, "-m", "tests.bench.data", scale], env=environment(name), check=True)
        with _server() as connection:
            connection.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), COMPLETE))
    return url(name)


def recreate(name: str) -> None:
    """An empty database of this name, whatever there was before."""
    with _server() as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def environment(name: str) -> dict[str, str]:
    """The variables of a process that works on this database, apart from the product's own cache."""
    return {**os.environ, "DATABASE_URL": url(name), "CACHE_PREFIX": name, "STATEMENT_TIMEOUT_MS": "0"}


def _comment(name: str) -> str | None:
    with _server() as connection:
        found = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
    return found[0] if found else None


def _server() -> psycopg.Connection:
    return psycopg.connect(url("postgres"), autocommit=True)
