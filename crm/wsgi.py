"""The WSGI entry point."""

import ctypes
import os
import signal

from django.core.wsgi import get_wsgi_application

from crm import embedded

PR_SET_PDEATHSIG = 1  # from <sys/prctl.h>

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
embedded.start()
# A web process whose master was killed would go on serving, beside the new one and unknown to it.
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
application = get_wsgi_application()
