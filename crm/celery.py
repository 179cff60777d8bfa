"""The workers' and the beat's entry point: `celery -A crm worker`, `celery -A crm beat`."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
os.environ.setdefault("STATEMENT_TIMEOUT_MS", "300000")

from crm import embedded
from crm.jobs.broker import app  # Celery reads the variable when it makes the app

__all__ = ["app"]

embedded.start()
