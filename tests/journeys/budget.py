"""The limits of tests/ux-budget.json, and what is measured against them as a table."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

BUDGET: dict[str, Any] = json.loads(Path(__file__).parents[1].joinpath("ux-budget.json").read_text())


Numbers = Mapping[str, Mapping[str, float]]


def overruns(title: str, limits: Numbers, measured: Numbers, above: Mapping[str, Any] | None = None) -> str:
    """Print the table; give what is above its limit, a line each, or nothing.

    `above` holds what is known to be above, and why: it may not grow.
    """
    names = list(next(iter(limits.values())))
    print(f"\n| {title} | {' | '.join(names)} |\n|--|{'--:|' * len(names)}")
    for row, values in measured.items():
        print(f"| {row} | {' | '.join(f'{values[name]:g} of {limits[row][name]:g}' for name in names)} |")
    return "\n".join(
        f"{row}: {name} {values[name]:g}, at most {limits[row][name]:g}"
        for row, values in measured.items()
        for name in names
        if values[name] > (above or {}).get(row, {}).get(name, limits[row][name])
    )
