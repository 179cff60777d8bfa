"""`manage.py load_defaults`: what a new company starts with."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _

from crm.org.models import Department
from crm.org.tree import save_department


class Command(BaseCommand):
    """Makes the root department, and lets every app that has a `defaults` module `load()` its own.

    What an administrator has made, renamed or retired stays as it is: only what is wholly missing is loaded.
    """

    help = "Load the root department, picklists and roles that a new company starts with, where there are none yet."

    def add_arguments(self, parser: CommandParser) -> None:
        """The company's name is asked for once; it can be changed in the admin site."""
        parser.add_argument("--company", default="", help="name of the root department")

    def handle(self, *args: Any, **options: Any) -> None:
        """All or nothing."""
        with transaction.atomic():
            if not Department.objects.exists():
                save_department(Department(name=options["company"] or _("My company")))
            for app in apps.get_app_configs():
                if find_spec(f"{app.name}.defaults"):
                    import_module(f"{app.name}.defaults").load()
