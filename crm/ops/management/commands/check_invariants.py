"""`manage.py check_invariants`: whether the data is as every write leaves it."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from crm.ops import checks


class Command(BaseCommand):
    """Ends with 1 and the rows where a rule does not hold."""

    help = "Check what must always hold of the data; ends with 1 and the rows where it does not."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--json` for machines."""
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check and print."""
        broken = checks.check()
        told: list[dict[str, Any]] = [
            {"name": one.invariant.name, "says": str(one.invariant.says), "count": one.count, "rows": one.rows}
            for one in broken
        ]
        if options["json"]:
            body = {"checked": [invariant.name for invariant in checks.every()], "broken": told}
            self.stdout.write(json.dumps(body, ensure_ascii=False, default=str, indent=1))
        else:
            for one in told:
                self.stdout.write(f"{one['name']}: {one['says']} ({one['count']})")
                for row in one["rows"]:
                    self.stdout.write(f"  {row}")
            self.stdout.write(f"{len(checks.every())} rules checked, {len(told)} broken.")
        if broken:
            raise SystemExit(1)
