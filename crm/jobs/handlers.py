"""What the kinds of job do. An app names its handlers in its `jobs.py`.

@handler("import", summary=counts, links=files)
def import_chunk(job: Job) -> bool: ...
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crm.jobs.models import Job
from crm.kernel.phrases import Phrase, Text

Step = Callable[[Job], bool]


@dataclass(frozen=True)
class Link:
    """A file or page that belongs to a job; the page behind it checks the reader's rights itself."""

    label: Text
    url: str


def no_summary(job: Job) -> Phrase | None:
    """What a job says of its result when its kind says nothing."""
    return None


def no_links(job: Job) -> Sequence[Link]:
    """The files of a job whose kind has none."""
    return ()


@dataclass(frozen=True)
class Handler:
    """One kind of job: its work and how its result is told."""

    kind: str
    step: Step
    # The counts in words, from the job alone: it is shown on every poll, so it must not query.
    summary: Callable[[Job], Phrase | None] = no_summary
    # Files to download and pages to open, from the job alone as well.
    links: Callable[[Job], Sequence[Link]] = no_links


_handlers: dict[str, Handler] = {}


def handler(
    kind: str,
    *,
    summary: Callable[[Job], Phrase | None] = no_summary,
    links: Callable[[Job], Sequence[Link]] = no_links,
) -> Callable[[Step], Step]:
    """Decorator: the function does one chunk of a job of this kind and says whether more is left.

    It runs inside a transaction that also keeps the job's `done`, `total`, `counters` and `cursor`, so a
    chunk happens once or not at all; it should take less than a minute. It may raise `Refused`, which
    ends the job with that reason; any other error ends it with a general one. ValueError if the kind is taken.
    """

    def declare(step: Step) -> Step:
        known = _handlers.get(kind)
        if known and known.step.__qualname__ != step.__qualname__:
            raise ValueError(f"two handlers are called {kind}")
        _handlers[kind] = Handler(kind, step, summary, links)
        return step

    return declare


def find(kind: str) -> Handler | None:
    """The handler of a kind, or None when this version of the product has none."""
    return _handlers.get(kind)


def get(kind: str) -> Handler:
    """The handler of a kind; KeyError if there is none."""
    return _handlers[kind]


def kinds() -> list[str]:
    """All kinds that this process can run."""
    return list(_handlers)
