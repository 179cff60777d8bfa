"""No second door to records, no hidden causes: checked in the source itself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from crm.record.models import Record
from tests.contract.test_entities import all_subclasses

ROOT = Path(settings.BASE_DIR)
PRODUCT = sorted(
    path for app in ("crm", "customers") for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts
)
PAGES = [path for path in PRODUCT if path.is_relative_to(ROOT / "crm" / "web")]

# Where records are read beyond the user's scope, and why that is right.
BEYOND_SCOPE = {
    "crm/timeline/people.py": "asks who may see a record that its caller found through visible_to",
    "customers/limits.py": "counts what a person holds, in front of that person or of who gives them more",
    "customers/recycling/due.py": "a rule reaches every customer that it names",
    "customers/recycling/preview.py": "the CRM manager's room shows everybody's customers",
    "customers/duplicates.py": "a duplicate is told by owner and state, also to who may not see the customer",
    "crm/entity/saving.py": "an import made the same record just now, whoever may see it",
    "crm/exchange/undoing.py": "what an import made is looked for before it is asked who may take it back",
    "crm/exchange/judge.py": "an imported row that repeats a record is a duplicate, whoever may see that record",
    "crm/audit/jobs.py": "what lies in the recycle bin too long is purged, whoever's it was",
    "crm/record/purge.py": "deletes for good what an administrator chose in the recycle bin",
    "crm/entity/hand_over.py": "a hand-over takes all that somebody owns; the right to do so is checked first",
    "crm/entity/lines.py": "the lines of a document that its caller found through visible_to",
    "crm/flow/undo.py": "what is taken back may be out of sight until it is back; the right is asked for then",
    "crm/record/custom.py": "a unique value is taken, whoever may see the record that has it",
    "crm/record/references.py": "what stands in the way of deleting is counted, named only if visible",
    "crm/record/rows.py": "how that door puts rows into tables",
    "crm/record/write.py": "the one door for writes",
    "customers/demo/story.py": "the demo company is told from outside",
    "crm/ops/routes.py": "names any record of each kind as a sample, for tests from outside",
    "crm/web/recycle_bin.py": "the administrator's recycle bin holds everybody's deleted records",
    "crm/web/row_menu.py": "asks which rights hold on a record that its caller found through visible_to",
}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


def test_records_are_read_through_visible_to_alone() -> None:
    names = {model.__name__ for model in all_subclasses(Record)}
    strays = []
    for path in PRODUCT:
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute)):
                continue
            manager = node.value
            if manager.attr not in ("objects", "_base_manager", "_default_manager") or node.attr in (
                "visible_to",
                "none",
            ):
                continue
            source = ast.unparse(manager.value)
            is_record = source in names or source in ("model", "self.model", "entity.model", "self.entity.model")
            # The shared tests in crm/testing look behind the pages.
            if is_record and relative(path) not in BEYOND_SCOPE and "crm/testing" not in relative(path):
                strays.append(f"{relative(path)}:{node.lineno} {ast.unparse(node)}")
    assert not strays


def test_the_list_of_those_who_read_beyond_scope_is_not_stale() -> None:
    assert {name for name in BEYOND_SCOPE if not (ROOT / name).exists()} == set()


@pytest.mark.parametrize("path", PRODUCT, ids=relative)
def test_causes_are_visible(path: Path) -> None:
    source = path.read_text()
    assert not re.search(r"\b(post_save|post_delete|m2m_changed|django\.dispatch)\b", source), "no model signals"
    assert "threading.local" not in source, "the actor is a keyword"
    for call in calls(path):
        name = ast.unparse(call.func)
        assert not name.endswith("mark_safe"), f"{relative(path)}:{call.lineno} marks text as safe"
        assert name not in ("eval", "exec", "pickle.loads", "yaml.load"), f"{relative(path)}:{call.lineno}"


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.html")), ids=relative)
def test_templates_hold_no_script_style_or_unescaped_text(path: Path) -> None:
    source = path.read_text()
    assert not re.search(r"\|\s*safe\b|autoescape off", source)
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|hx-on|javascript:", source)
    assert not re.search(r"https?://(?!www\.w3\.org)", source), "no outside host"


def test_nothing_is_called_helper_or_manager() -> None:
    bad = re.compile(r"(utils|helpers|services|managers)\.py$")
    assert not [relative(path) for path in PRODUCT if bad.search(path.name)]
