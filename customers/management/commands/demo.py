"""`manage.py demo`: the demo company."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from crm.org.models import User
from customers import defaults
from customers.demo import people, rules
from customers.demo.story import Story


class Command(BaseCommand):
    """Loads the demo company into an empty database; does nothing where there are users already."""

    help = "Load a demo company into an empty database and print its accounts."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, then print who may sign in."""
        if User.objects.exists():
            self.stdout.write("There are users already: the demo company is not loaded.")
            return
        with transaction.atomic():
            Story(people.load(), defaults.load_options()).tell()
            rules.load()
        for account in people.ACCOUNTS:
            self.stdout.write(f"{account.username:<12} {account.real_name}  {account.position}  {account.department}")
        self.stdout.write(f"Password of all: {people.PASSWORD}")
