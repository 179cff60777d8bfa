"""The workers' and the beat's entry point: `celery -A crm worker`, `celery -A crm beat`."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")

from crm import embedded  # noqa: E402
from crm.jobs.broker import app  # noqa: E402  (Celery reads the variable when the app is made)

__all__ = ["app"]

embedded.start()
