"""Two or more people doing things at the same instant, on real connections.

Every race test has a control: the same race `without_locks` must break the rule, else the
test with locks would prove nothing.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.db import connection

from crm.flow.action import Action
from crm.record.query import RecordQuerySet

PAUSE = 0.15  # seconds between reading and deciding, so that the contenders overlap


def race(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls at once, each in its thread with its connection; gives results or exceptions, in their order."""
    results: list[Any] = [None] * len(calls)
    barrier = threading.Barrier(len(calls))

    def contend(index: int) -> None:
        barrier.wait()
        try:
            results[index] = calls[index]()
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=contend, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return results


@contextmanager
def slow_decisions() -> Iterator[None]:
    """Everybody thinks for a moment between reading a record and acting on it."""
    refusal = Action.refusal

    def slowly(action: Action, record: Any, user: Any) -> str | None:
        reason = refusal(action, record, user)
        time.sleep(PAUSE)
        return reason

    with patch.object(Action, "refusal", slowly):
        yield


@contextmanager
def without_locks() -> Iterator[None]:
    """The control: rows are read without locking them."""

    def unlocked(rows: RecordQuerySet[Any], *args: Any, **options: Any) -> RecordQuerySet[Any]:
        return rows.all()

    with patch.object(RecordQuerySet, "select_for_update", unlocked):
        yield


def won(results: list[Any]) -> list[Any]:
    """The results that are no exceptions."""
    return [result for result in results if not isinstance(result, Exception)]


def lost(results: list[Any]) -> list[Exception]:
    """The exceptions among the results."""
    return [result for result in results if isinstance(result, Exception)]
