"""Typed events: how a lower module tells upper ones what happened.

An event is a frozen dataclass. Subscribers are named in an app's `apps.py` and run inside
the transaction of whoever emits, so that a refusal there undoes the whole.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

E = TypeVar("E")

_subscribers: dict[type, list[Callable[[Any], None]]] = defaultdict(list)


def subscribe(event: type[E], subscriber: Callable[[E], None]) -> None:
    """Call `subscriber` with every `event` that is emitted; naming it twice counts once."""
    if subscriber not in _subscribers[event]:
        _subscribers[event].append(subscriber)


def emit(event: object) -> None:
    """Run the subscribers of the event's type, in the order in which they were named."""
    for subscriber in _subscribers[type(event)]:
        subscriber(event)


def subscribers() -> dict[type, list[Callable[[Any], None]]]:
    """All subscriptions, for the map of the code and for tests."""
    return dict(_subscribers)
