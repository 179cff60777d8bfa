#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys

from django.core.management import execute_from_command_line

from crm import embedded

WITHOUT_SERVERS = {"check", "collectstatic", "compilemessages", "help", "makemessages"}

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    os.environ.setdefault("STATEMENT_TIMEOUT_MS", "0")  # a migration may take its time
    if not WITHOUT_SERVERS.intersection(sys.argv[1:2]):
        embedded.start()
    execute_from_command_line(sys.argv)
