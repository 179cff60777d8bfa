"""What has to be done before the product starts: checks, translations, static files, tables, demo data.

    python -m scripts.prepare           a release, before the new version starts
    python -m scripts.prepare demo      `make run`, at every start: also loads the demo company once
    python -m scripts.prepare static    an image being built: only what needs no database

A release into an empty database also loads what a new company starts with. A step that would change nothing is skipped.
"""

import hashlib
import os
import sys
from io import StringIO
from pathlib import Path

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from crm import embedded
from scripts import messages
from scripts.announce import DEMO_ACCOUNTS


def main(words: list[str]) -> None:
    """Prepare all, or `static` files only, or all and the `demo` company."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    os.environ.setdefault("STATEMENT_TIMEOUT_MS", "0")  # a migration may take its time
    messages.compile_all()
    django.setup()
    call_command("check", stdout=StringIO())  # raises on errors; a web server does not check by itself
    _collect_static_files()
    if words != ["static"]:
        embedded.start()
        _migrate()
    if not words and not get_user_model().objects.exists():
        call_command("load_defaults")
    if words == ["demo"] and not get_user_model().objects.exists():
        print("Loading the demo company (once)", flush=True)
        with (settings.VAR_DIR / DEMO_ACCOUNTS).open("w") as accounts:  # scripts/announce.py prints it at every start
            call_command("demo", stdout=accounts)


def _collect_static_files() -> None:
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    fingerprint = _static_fingerprint()
    if stamp.exists() and stamp.read_text() == fingerprint:
        return
    print("Collecting static files")
    # We load a copy of htmx of our own; compressing the one of that package would take seconds.
    call_command("collectstatic", interactive=False, clear=True, verbosity=0, ignore_patterns=["django_htmx"])
    stamp.write_text(fingerprint)


def _static_fingerprint() -> str:
    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            path = Path(storage.path(name))
            digest.update(f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _migrate() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        print("Migrating the database")
        call_command("migrate", interactive=False, verbosity=0)


if __name__ == "__main__":
    main(sys.argv[1:])
