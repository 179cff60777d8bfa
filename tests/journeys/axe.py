"""Asks axe-core what is wrong with a page as it stands."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

SOURCE = (Path(__file__).parents[1] / "vendor/axe/axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """([tags, rules]) => axe.run(document, {
  runOnly: rules.length ? rules : tags,
  resultTypes: ["violations"],
  rules: rules.length ? {} : {"target-size": {enabled: true}},
})"""


def findings(page: Page, *rules: str) -> list[str]:
    """What axe calls moderate or worse, a line each; with `rules`, of these rules only."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(SOURCE)
    found: dict[str, Any] = page.evaluate(RUN, [TAGS, list(rules)])
    return [
        f"{violation['id']} ({violation['impact']}): {node['html'][:160]} {'; '.join(_data(node))}"
        for violation in found["violations"]
        if violation["impact"] != "minor"
        for node in violation["nodes"][:3]
    ]


def _data(node: dict[str, Any]) -> list[str]:
    return [check["message"] for check in (*node["any"], *node["all"], *node["none"])][:2]
