"""What lines come to: the same cases through Python and through the page's script."""

import json
import os
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from hypothesis import HealthCheck, given, strategies
from hypothesis import settings as patience
from playwright.sync_api import Page

from crm.kernel.money import Amounts, capitals, line_amounts, total_of
from crm.testing.browser import browser, chromium

# quantity, price, discount %, tax %, tax in the price → net, tax, reduction, total
CASES = [
    ("3", "10.5", "0", "13", True, "27.88", "3.62", "0.00", "31.50"),
    ("3", "10.5", "0", "13", False, "31.50", "4.10", "0.00", "35.60"),
    ("1", "0.005", "0", "0", True, "0.01", "0.00", "0.00", "0.01"),
    ("1", "1.005", "0", "0", True, "1.01", "0.00", "0.00", "1.01"),
    ("1", "2.675", "0", "0", True, "2.68", "0.00", "0.00", "2.68"),
    ("-1", "0.005", "0", "0", True, "-0.01", "0.00", "0.00", "-0.01"),
    ("0.3333", "9.99", "0", "13", True, "2.95", "0.38", "0.00", "3.33"),
    ("7", "99.99", "12.5", "6", True, "577.77", "34.67", "87.49", "612.44"),
    ("100", "8.88", "100", "13", True, "0.00", "0.00", "888.00", "0.00"),
    ("0", "10", "0", "13", True, "0.00", "0.00", "0.00", "0.00"),
]
IN_CAPITALS = {
    "1409.50": "壹仟肆佰零玖元伍角",
    "6007.14": "陆仟零柒元壹角肆分",
    "1680.32": "壹仟陆佰捌拾元叁角贰分",
    "107000.53": "壹拾万柒仟元伍角叁分",
    "16409.02": "壹万陆仟肆佰零玖元零贰分",
    "325.04": "叁佰贰拾伍元零肆分",
    "10000": "壹万元整",
    "100000001": "壹亿零壹元整",
    "100010000": "壹亿零壹万元整",
    "1000100000000": "壹万零壹亿元整",
    "1010000": "壹佰零壹万元整",
    "30040000": "叁仟零肆万元整",
    "0.05": "伍分",
    "0.5": "伍角",
    "0": "零元整",
    "-12.30": "负壹拾贰元叁角",
    "-0.001": "零元整",
}


@pytest.fixture(scope="module")
def script() -> Iterator[Page]:
    """An empty page that knows the script. Without a browser the test is skipped here and fails where CI is set."""
    if chromium() is None and not os.environ.get("CI"):
        pytest.skip("no Chromium: apt-get install chromium")
    with browser() as running:
        page = running.new_page()
        page.add_script_tag(path=settings.BASE_DIR / "static/crm/lines.js", type="module")
        page.wait_for_function("Boolean(customElements.get('c-lines'))")
        yield page


def in_script(script: Page, cases: list[tuple[Any, ...]]) -> list[list[str]]:
    """The amounts of many lines and what their total reads in capitals."""
    found = script.evaluate(
        """(cases) => {
          const { amounts, written, capitals } = customElements.get("c-lines");
          return JSON.stringify(cases.map((one) => {
            const { net, tax, reduction, total } = amounts(...one);
            const texts = [net, tax, reduction, total].map((cents) => written(cents).replaceAll(",", ""));
            return [...texts, capitals(total)];
          }));
        }""",
        [list(case) for case in cases],
    )
    return json.loads(found)  # type: ignore[no-any-return]


def in_python(case: tuple[Any, ...]) -> list[str]:
    """The same by the server."""
    *numbers, included = case
    found = line_amounts(*map(Decimal, numbers), tax_included=included)
    return [*(f"{part:f}" for part in (found.net, found.tax, found.reduction, found.total)), capitals(found.total)]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_line_comes_to(case: tuple[Any, ...]) -> None:
    assert in_python(case[:5])[:4] == list(case[5:])


@pytest.mark.parametrize(("amount", "words"), IN_CAPITALS.items())
def test_an_amount_in_capitals(amount: str, words: str) -> None:
    assert capitals(Decimal(amount)) == words


def test_a_document_is_the_sum_of_its_lines() -> None:
    lines = [line_amounts(Decimal(1), Decimal("0.335"), rate=Decimal(13)) for _ in range(3)]
    assert total_of(lines) == Amounts(Decimal("0.90"), Decimal("0.12"), Decimal("0.00"), Decimal("1.02"))
    assert total_of([]) == Amounts()


def test_the_script_agrees_on_the_cases(script: Page) -> None:
    cases = [case[:5] for case in CASES]
    assert in_script(script, cases) == [in_python(case) for case in cases]
    whole = [("1", amount, "0", "0", True) for amount in IN_CAPITALS]
    assert [found[-1] for found in in_script(script, whole)] == list(IN_CAPITALS.values())


def decimals(places: int, largest: int, smallest: int = 0) -> strategies.SearchStrategy[str]:
    return strategies.decimals(smallest, largest, places=places, allow_nan=False).map(lambda number: f"{number:f}")


lines = strategies.tuples(
    decimals(4, 10**8, -(10**8)), decimals(4, 10**8), decimals(2, 100), decimals(2, 100), strategies.booleans()
)


@patience(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cases=strategies.lists(lines, min_size=20, max_size=60))
def test_the_script_agrees_on_everything(script: Page, cases: list[tuple[Any, ...]]) -> None:
    assert in_script(script, cases) == [in_python(case) for case in cases]


@patience(deadline=None)
@given(case=lines)
def test_what_is_printed_adds_up(case: tuple[Any, ...]) -> None:
    *numbers, included = case
    quantity, price, discount, rate = map(Decimal, numbers)
    found = line_amounts(quantity, price, discount, rate, tax_included=included)
    assert found.net + found.tax == found.total
    full = line_amounts(quantity, price, tax_included=included).total
    assert (found.total if included else found.net) + found.reduction == full
    assert abs(found.tax) <= abs(found.total)


def test_rows_of_a_sheet_are_read_as_excel_copies_them(script: Page) -> None:
    text = '打印纸\t"1,200"\t"两行\n""引号"""\r\n\t\t\r\n墨盒\t3\t\r\n'
    found = script.evaluate("(text) => customElements.get('c-lines').table(text)", text)
    assert found == [["打印纸", "1,200", '两行\n"引号"'], ["墨盒", "3", ""]]


@pytest.mark.parametrize(
    ("typed", "n", "scale"), [("１，２３４．５", "12345", 1), ("￥-3.20", "-320", 2), ("abc", "0", 0)]
)
def test_numbers_are_read_as_people_write_them(script: Page, typed: str, n: str, scale: int) -> None:
    found = script.evaluate(
        "(text) => { const { n, scale } = customElements.get('c-lines').number(text); return [String(n), scale]; }",
        typed,
    )
    assert found == [n, scale]
