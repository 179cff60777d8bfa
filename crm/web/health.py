"""For load balancers and monitors: `/healthz` says that the process lives, `/readyz` what it can reach."""

import ctypes
import shutil
from collections.abc import Callable
from datetime import timedelta
from functools import cache

from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from crm.jobs.models import Clock
from crm.web.jobs import ALIVE

LEAST_FREE_BYTES = 1024**3
WORKER_SILENCE = timedelta(minutes=3)
PDF_LIBRARIES = ("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz.so.0")


def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers; touches nothing else."""
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """What this process can reach: `ok`, or what is wrong in a word.

    503 when pages cannot work (database, disk). Without broker or worker pages do work and jobs
    wait, so that is 200 with state `degraded`. `pdf` tells whether PDF files can be made here.
    """
    needed = {"database": _word(_database), "disk": _word(_disk)}
    wanted = {"broker": _word(_broker), "worker": _word(_worker)}
    down = set(needed.values()) != {"ok"}
    degraded = bool(set(wanted.values()) - {"ok", "unknown"})
    state = "down" if down else "degraded" if degraded else "ok"
    body = {"state": state, **needed, **wanted, "pdf": _pdf_libraries_are_there()}
    return JsonResponse(body, status=503 if down else 200)


def _word(probe: Callable[[], str]) -> str:
    try:
        return probe()
    except Exception:  # whatever it is, the answer must go out
        return "unreachable"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _disk() -> str:
    return "ok" if shutil.disk_usage(settings.VAR_DIR).free >= LEAST_FREE_BYTES else "full"


def _broker() -> str:
    caches["default"].get("readyz")
    return "ok"


def _worker() -> str:
    last = Clock.objects.filter(name=ALIVE).values_list("slot", flat=True).first()
    if last is None:
        return "unknown"
    return "ok" if timezone.now() - last < WORKER_SILENCE else "silent"


@cache
def _pdf_libraries_are_there() -> bool:
    try:
        for name in PDF_LIBRARIES:
            ctypes.CDLL(name)
    except OSError:
        return False
    return True
