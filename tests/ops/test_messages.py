"""The message scripts find what is to be translated, and what is wrong with the translations."""

from pathlib import Path

import polib
import pytest

from scripts import messages
from scripts.messages import Message

PYTHON = """
from django.utils.translation import gettext as _, ngettext, pgettext_lazy
_("Plain")
_("In two "
  "pieces")
ngettext("%(n)s row", "%(n)s rows", 2)
pgettext_lazy("verb", "Order")
"Not marked"
"""
TEMPLATE = """
{% load i18n %}
<p title="{% translate 'Title' %}">{% translate "Order" context "noun" %}</p>
    {% blocktranslate trimmed count n=rows|length %}
      One row
    {% plural %}
      {{ n }} rows
    {% endblocktranslate %}
  It's "unbalanced ( and { not marked
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A source tree of two catalogues: `crm/jobs` has one of its own, templates use the common one."""
    for folder in ("crm/jobs/locale", "crm/web", "customers", "templates", "locale"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "crm/jobs/run.py").write_text(PYTHON)
    (tmp_path / "templates/list.html").write_text(TEMPLATE)
    monkeypatch.setattr(messages, "ROOT", tmp_path)
    return tmp_path


def catalogue(tree: Path, folder: str) -> polib.POFile:
    return polib.pofile(str(tree / folder / "locale/zh_Hans/LC_MESSAGES/django.po"))


def translate_all(tree: Path) -> None:
    for folder in ("crm/jobs", "."):
        po = catalogue(tree, folder)
        for entry in po:
            if entry.msgid_plural:
                entry.msgstr_plural = {0: "%(n)s 行"}
            else:
                entry.msgstr = "译文"
        po.save()


def test_python_messages_are_found(tree: Path) -> None:
    assert set(messages.messages_of(tree / "crm/jobs/run.py")) == {
        Message(None, "Plain", ""),
        Message(None, "In two pieces", ""),
        Message(None, "%(n)s row", "%(n)s rows"),
        Message("verb", "Order", ""),
    }


def test_template_messages_are_found(tree: Path) -> None:
    assert set(messages.messages_of(tree / "templates/list.html")) == {
        Message(None, "Title", ""),
        Message("noun", "Order", ""),
        Message(None, "One row", "%(n)s rows"),
    }


def test_update_puts_each_message_into_the_nearest_catalogue_and_keeps_translations(tree: Path) -> None:
    messages.update()
    translate_all(tree)
    assert messages.check() == []
    messages.update()
    assert messages.check() == []
    assert {entry.msgid for entry in catalogue(tree, ".")} == {"Title", "Order", "One row"}
    assert {entry.msgid for entry in catalogue(tree, "crm/jobs")} == {"Plain", "In two pieces", "%(n)s row", "Order"}


def test_check_names_what_is_missing_unused_empty_fuzzy_or_wrong(tree: Path) -> None:
    messages.update()
    translate_all(tree)
    po = catalogue(tree, "crm/jobs")
    po.find("Plain").msgstr = ""
    po.find("In two pieces").flags = ["fuzzy"]
    po.find("%(n)s row").msgstr_plural = {0: "%(m)s 行"}
    po.save()
    (tree / "templates/list.html").write_text("{% load i18n %}{% translate 'New' %}{% translate 'Title' %}")
    found = "\n".join(messages.check())
    for problem in (
        "not translated: 'Plain'",
        "fuzzy: 'In two pieces'",
        "unknown placeholder in the translation of '%(n)s row'",
        "missing: 'New'",
        "no longer used: 'One row'",
    ):
        assert problem in found


def test_two_catalogues_must_not_contradict_each_other(tree: Path) -> None:
    (tree / "templates/list.html").write_text("{% load i18n %}{% translate 'Plain' %}")
    messages.update()
    translate_all(tree)
    assert messages.check() == []
    po = catalogue(tree, "crm/jobs")
    po.find("Plain").msgstr = "另译"
    po.save()
    assert [problem for problem in messages.check() if "give one a context" in problem]


def test_compile_writes_what_gettext_reads(tree: Path) -> None:
    messages.update()
    translate_all(tree)
    messages.compile_all()
    compiled = polib.mofile(str(tree / "locale/zh_Hans/LC_MESSAGES/django.mo"))
    assert compiled.find("Title").msgstr == "译文"
