"""`manage.py list_entities`: for tests from outside."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from crm.ops import entities


class Command(BaseCommand):
    """Prints a JSON list; `--json` is accepted for those who say it."""

    help = "Print every entity with its addresses, actions and fields."

    def add_arguments(self, parser: CommandParser) -> None:
        """The one form there is."""
        parser.add_argument("--json", action="store_true", help="print JSON (always)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print."""
        self.stdout.write(json.dumps(entities.describe(), ensure_ascii=False, indent=1))
