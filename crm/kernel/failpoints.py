"""Places where a test from outside can make the product pause or fail, to show what locks and transactions are for.

They do nothing unless a request names them, and a request can name them only where `TEST_FAILPOINTS` is set
and the site is not served over HTTPS: the middleware that reads their names is not there otherwise.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal, get_args

Name = Literal["sleep-after-check", "skip-locking", "raise-before-commit"]
NAMES: frozenset[str] = frozenset(get_args(Name))
PAUSE = 0.3  # seconds

# Belongs to one request, whatever thread runs it; a keyword through every function would cost more than it tells.
_active: ContextVar[frozenset[str]] = ContextVar("failpoints", default=frozenset())


class Failed(Exception):
    """What `raise-before-commit` raises."""


@contextmanager
def active(names: frozenset[str]) -> Iterator[None]:
    """Switch some fail points on within the block."""
    token = _active.set(names & NAMES)
    try:
        yield
    finally:
        _active.reset(token)


def is_on(name: Name) -> bool:
    """Whether this request asked for a fail point."""
    return name in _active.get()


def pause_after_check() -> None:
    """`sleep-after-check`: a moment between deciding and writing, so that another request comes in between."""
    if is_on("sleep-after-check"):
        time.sleep(PAUSE)


def fail_before_commit() -> None:
    """`raise-before-commit`: all has been written, and nothing of it may stay."""
    if is_on("raise-before-commit"):
        raise Failed
