"""A folder for servers of the test's own. Not `tmp_path`: its path is too long for a socket."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm import embedded


@pytest.fixture
def var(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty `CRM_VAR`; whatever private servers run in it at the end are stopped."""
    folder = Path(tempfile.mkdtemp(prefix="crm-"))
    monkeypatch.setenv("CRM_VAR", str(folder))
    yield folder
    embedded.stop(embedded.private_servers(folder, {}))
    shutil.rmtree(folder)
