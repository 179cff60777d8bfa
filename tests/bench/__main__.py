"""Measure the product against its limits.

make bench BENCH_SCALE=10k|100k|1m      measure, print the table, write var/bench/<scale>.json
make bench-compare                      the measured scales side by side
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import django

from crm import embedded
from tests.bench import database

RESULTS = embedded.var_dir() / "bench"
MOST_GROWTH = 1.5  # from 100k to 1m
HEADS = ("work", "median", "p95", "queries", "floor", "ratio", "limit", "ok")


def main(words: list[str]) -> int:
    """The exit code says whether all limits hold."""
    if words == ["compare"]:
        return compare()
    scale = os.environ.get("BENCH_SCALE", "100k")
    database.ensure(scale)
    os.environ |= database.environment(f"bench_{scale}") | {"DJANGO_SETTINGS_MODULE": "crm.settings"}
    django.setup()
    from tests.bench import pages, server

    lines = []
    with server.serving(f"bench_{scale}") as port:
        print_row(HEADS)
        for line in pages.measure(port):
            lines.append(line.as_dict())
            print_row([lines[-1].get(head, "") for head in HEADS])
    for line in exchange():
        lines.append(line)
        print_row([line.get(head, "") for head in HEADS])
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{scale}.json").write_text(json.dumps(lines, ensure_ascii=False, indent=1))
    above = [line["work"] for line in lines if not line.get("ok", True)]
    print(f"\n{len(above)} of {len(lines)} above their limit" + "".join(f"\n  {work}" for work in above))
    return bool(above)


def exchange() -> list[dict[str, Any]]:
    """Import and export of 100,000 rows, in a database of its own."""
    database.recreate("bench_exchange")
    environment = database.environment("bench_exchange")
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], env=environment, check=True)
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.exchange"], env=environment, check=True, capture_output=True, text=True
    )
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def compare() -> int:
    """Medians of each scale, and the growth from 100k to 1m."""
    found = {
        path.stem: _medians(path)
        for path in (RESULTS / f"{scale}.json" for scale in ("10k", "100k", "1m"))
        if path.exists()
    }
    works = dict.fromkeys(work for medians in found.values() for work in medians)
    print_row(("work", *found, "growth", "ok"))
    too_much = 0
    for work in works:
        medians = [found[scale].get(work, "") for scale in found]
        small, large = found.get("100k", {}).get(work), found.get("1m", {}).get(work)
        growth = round(large / small, 2) if small and large else ""
        too_much += bool(growth) and growth > MOST_GROWTH
        print_row((work, *medians, growth, not growth or growth <= MOST_GROWTH))
    return bool(too_much)


def _medians(path: Path) -> dict[str, float]:
    return {line["work"]: line["median"] for line in json.loads(path.read_text()) if "median" in line}


def print_row(cells: Any) -> None:
    """One line of the table."""
    first, *others = (str(cell) for cell in cells)
    wide = sum(ord(sign) > 0x2E80 for sign in first)
    print(f"{first:<{58 - wide}}" + "".join(f"{cell:>10}" for cell in others), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
