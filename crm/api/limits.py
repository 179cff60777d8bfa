"""How many calls a token may make: a fixed window of one minute, counted in the cache."""

import logging
import time

from django.conf import settings
from django.core.cache import cache

from crm.api.models import Token

log = logging.getLogger(__name__)

WINDOW = 60  # seconds


def wait(token: Token) -> int:
    """Count one call; gives the seconds to wait if it is one too many, else 0.

    Without a cache nothing is counted: calls then cost what pages cost, and those are not counted either.
    """
    now = int(time.time())
    key = f"api-calls:{token.pk}:{now // WINDOW}"
    try:
        cache.add(key, 0, timeout=2 * WINDOW)
        calls = cache.incr(key)
    except Exception:  # whatever the cache's client raises when it cannot be reached
        log.warning("calls of API tokens are not counted: no cache")
        return 0
    return WINDOW - now % WINDOW if calls > settings.API_CALLS_PER_MINUTE else 0
