"""The WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application

from crm import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
embedded.start()
application = get_wsgi_application()
