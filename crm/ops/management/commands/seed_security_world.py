"""`manage.py seed_security_world`: people and records for tests from outside."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from crm.testing import world


class Command(BaseCommand):
    """Makes them once, and prints ids, logins and marks each time. Their password is known to everybody."""

    help = "Make people and records for tests from outside, with a password that is no secret; never in production."

    def add_arguments(self, parser: CommandParser) -> None:
        """The one form there is."""
        parser.add_argument("--json", action="store_true", help="print JSON (always)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed and print; refused where the site is served over HTTPS."""
        if settings.HTTPS:
            raise CommandError("Not on a site that is served over HTTPS: the password of these accounts is no secret.")
        self.stdout.write(json.dumps(world.seed(), ensure_ascii=False, indent=1))
