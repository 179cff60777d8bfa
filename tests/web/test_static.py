"""The files behind the pages: joined, complete, unchanged, small."""

import gzip
import hashlib
import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.test import Client, override_settings

from crm.kernel import registry
from crm.testing.people import People
from crm.web.bundles import ON_DEMAND, SCRIPTS, STYLES

ROOT = settings.BASE_DIR
OWN = ROOT / "static/crm"
KB = 1024


def test_every_own_script_and_style_is_loaded() -> None:
    named = {*STYLES[1], *SCRIPTS[1], *ON_DEMAND}
    assert {f"crm/{path.name}" for path in (*OWN.glob("*.css"), *OWN.glob("*.js"))} == named


def test_own_scripts_stand_alone_so_that_they_can_be_joined() -> None:
    for path in OWN.glob("*.js"):
        assert not re.search(r"^\s*(import|export)\b", path.read_text(), re.M), path


def test_vendored_files_are_as_their_list_says() -> None:
    for line in (ROOT / "static/vendor/SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((ROOT / name).read_bytes()).hexdigest() == digest, name


def test_every_vendored_library_has_its_licence() -> None:
    for folder in (ROOT / "static/vendor").iterdir():
        assert not folder.is_dir() or (folder / "LICENSE").exists(), folder


def test_every_icon_that_is_named_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', (ROOT / "static/vendor/icons/sprite.svg").read_text()))
    in_templates = {
        name
        for path in (ROOT / "templates").rglob("*.html")
        for name in re.findall(r'{% icon "([\w-]+)" %}', path.read_text())
    }
    entities = registry.entities()
    declared = {entity.icon for entity in entities} | {a.icon for entity in entities for a in entity.actions if a.icon}
    assert in_templates | declared <= drawn


def test_no_stylesheet_or_script_names_another_host() -> None:
    for path in [*OWN.glob("*.css"), *OWN.glob("*.js")]:
        assert not re.search(r"https?://(?!www\.w3\.org)", path.read_text()), path


def test_collected_pages_load_one_own_file_of_each_kind_within_the_budget(
    client: Client, people: People, tmp_path: Path
) -> None:
    given: dict[str, Any] = {
        "STATIC_ROOT": tmp_path,
        "STORAGES": settings.STORAGES | {"staticfiles": {"BACKEND": "crm.web.bundles.Storage"}},
    }
    client.force_login(people.root, backend="crm.org.auth.Backend")
    with override_settings(**given):
        call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=["admin", "import_export"])
        page = client.get("/customers/customer/").content.decode()
    styles = re.findall(r'<link rel="stylesheet" href="/static/([^"]+)"', page)
    scripts = re.findall(r'<script src="/static/([^"]+)"', page)
    assert [name.split(".")[0] for name in styles] == ["vendor/bootstrap/bootstrap", "crm/bundle"]
    assert [name.split(".")[0] for name in scripts] == ["vendor/htmx/htmx", "crm/bundle"]
    assert sum(len(gzip.compress((tmp_path / name).read_bytes())) for name in scripts) <= 40 * KB
    assert sum(len(gzip.compress((tmp_path / name).read_bytes())) for name in styles) <= 42 * KB
