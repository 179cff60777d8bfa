"""`manage.py list_routes`: for tests from outside."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from crm.ops import routes


class Command(BaseCommand):
    """Prints a JSON list; `--json` is accepted for those who say it."""

    help = "Print every address with its methods, a sample and the right it asks for."

    def add_arguments(self, parser: CommandParser) -> None:
        """The one form there is."""
        parser.add_argument("--json", action="store_true", help="print JSON (always)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print."""
        self.stdout.write(json.dumps([asdict(route) for route in routes.routes()], ensure_ascii=False, indent=1))
