"""docs/configuration.md and the container files name the variables that the product reads, and no others."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from scripts import run

ROOT = Path(__file__).resolve().parents[2]


def documented() -> set[str]:
    return set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/configuration.md").read_text(), re.MULTILINE))


def read_by_settings() -> set[str]:
    calls = (node for node in ast.walk(ast.parse((ROOT / "crm/settings.py").read_text())) if isinstance(node, ast.Call))
    return {
        ast.literal_eval(call.args[0])
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "env"
    }


def read_by(path: str) -> set[str]:
    return set(re.findall(r"(?:environ|variables)\.get\(\"([A-Z_]+)\"", (ROOT / path).read_text()))


def test_every_variable_is_documented_and_every_documented_one_is_read() -> None:
    assert documented() == read_by_settings() | read_by("crm/embedded.py") | run.DEFAULTS.keys()


def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "docker-compose.yml").read_text()))


def test_the_compose_file_sets_only_documented_variables() -> None:
    assert set(compose()["x-crm"]["environment"]) <= documented()


def test_the_example_holds_what_the_compose_file_wants() -> None:
    wanted = set(re.findall(r"\$\{(\w+):\?\}", (ROOT / "docker-compose.yml").read_text()))
    given = set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert given == wanted


def test_what_the_compose_file_mounts_is_there() -> None:
    mounts = [mount for service in compose()["services"].values() for mount in service.get("volumes", [])]
    files = [mount.split(":")[0] for mount in mounts if mount.startswith("./")]
    assert files
    assert [file for file in files if not (ROOT / file).exists()] == []


PRODUCTION = {
    "SECRET_KEY": "k" * 50,
    "HTTPS": "1",
    "BEHIND_PROXY": "1",
    "PROXY_COUNT": "1",
    "ALLOWED_HOSTS": "crm.example.com",
    "DATABASE_URL": "postgresql://crm@db/crm",
    "REDIS_URL": "redis://broker:6379/0",
}


def settings_with(names: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    code = f"import json, crm.settings as s; print(json.dumps({{n: getattr(s, n) for n in {names}}}, default=str))"
    environment = {"PATH": os.environ["PATH"], **variables}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_production_settings_are_strict() -> None:
    expected = {
        "DEBUG": False,
        "ALLOWED_HOSTS": ["crm.example.com"],
        "SECURE_HSTS_SECONDS": 31_536_000,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
        "SECURE_SSL_REDIRECT": True,
        "SECURE_REFERRER_POLICY": "same-origin",
        "SESSION_COOKIE_NAME": "__Host-sessionid",
        "SESSION_COOKIE_SECURE": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_SECURE": True,
        "X_FRAME_OPTIONS": "DENY",
        "FILE_UPLOAD_PERMISSIONS": 0o640,
        "AXES_IPWARE_PROXY_COUNT": 1,
        "SILENCED_SYSTEM_CHECKS": [],
        "USE_TZ": True,
        "TIME_ZONE": "Asia/Shanghai",
        "CELERY_ACCEPT_CONTENT": ["json"],
        "CELERY_BROKER_URL": "redis://broker:6379/0",
    }
    done = settings_with([*expected, "PASSWORD_HASHERS", "DATABASES", "CONTENT_SECURITY_POLICY"], **PRODUCTION)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {name: found[name] for name in expected} == expected
    assert "Argon2" in found["PASSWORD_HASHERS"][0]
    assert "unsafe" not in str(found["CONTENT_SECURITY_POLICY"])
    options = found["DATABASES"]["default"]["OPTIONS"]["options"]
    assert all(name in options for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"))
    assert not found["DATABASES"]["default"].get("ATOMIC_REQUESTS")


def test_https_without_a_secret_key_does_not_start() -> None:
    done = settings_with(["DEBUG"], **(PRODUCTION | {"SECRET_KEY": ""}))
    assert done.returncode != 0
    assert "SECRET_KEY must be set" in done.stderr
