"""What runs in the background, how it is told in the message centre, and what is thrown away when."""

from collections.abc import Sequence
from datetime import datetime, time

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from crm.exchange import exporting, importing, origin, retention, undoing
from crm.exchange.models import RowState
from crm.jobs import queue
from crm.jobs.handlers import Link, handler
from crm.jobs.models import Job, State
from crm.jobs.schedule import daily, periodic
from crm.kernel import registry
from crm.kernel.phrases import Phrase, phrase


def import_summary(job: Job) -> Phrase | None:
    """The counts of an import."""
    counts = {state.value: job.counters.get(state.value, 0) for state in RowState}
    if not job.counters:
        return None
    return phrase(_("{created} created, {updated} updated, {skipped} skipped, {failed} not imported"), **counts)


def import_links(job: Job) -> Sequence[Link]:
    """The page of the import, and the file of its failed rows."""
    entity = registry.find(job.payload["entity"])
    if entity is None:
        return ()
    page = f"import/{job.payload['import']}"
    links = [Link(_("Open"), entity.url(page))]
    if job.counters.get(RowState.CREATED.value) or job.counters.get(RowState.UPDATED.value):
        links.append(Link(_("Only these records"), f"{entity.url('list')}?{origin.PARAMETER}={job.payload['import']}"))
    if job.counters.get(RowState.FAILED.value):
        links.append(Link(_("Error file"), entity.url(f"{page}/failed")))
    return links


@handler("import", summary=import_summary, links=import_links)
def import_rows(job: Job) -> bool:
    """Import a chunk."""
    return importing.step(job)


def undo_summary(job: Job) -> Phrase | None:
    """The counts of an undo."""
    counts = {state.value: job.counters.get(state.value, 0) for state in (RowState.UNDONE, RowState.KEPT)}
    return phrase(_("{undone} rows undone, {kept} not undone"), **counts) if job.counters else None


def undo_links(job: Job) -> Sequence[Link]:
    """The page of the import, which tells what was not undone."""
    entity = registry.find(job.payload["entity"])
    return [Link(_("Open"), entity.url(f"import/{job.payload['import']}"))] if entity else ()


@handler("import.undo", summary=undo_summary, links=undo_links)
def undo_rows(job: Job) -> bool:
    """Take back a chunk."""
    return undoing.step(job)


def export_summary(job: Job) -> Phrase | None:
    """How many rows were exported."""
    return phrase(ngettext_lazy("{n} row", "{n} rows", "n"), n=job.done) if job.state == State.DONE else None


def export_links(job: Job) -> Sequence[Link]:
    """The file, once it is there."""
    entity = registry.find(job.payload["entity"])
    if entity is None or job.state != State.DONE:
        return ()
    return [Link(_("Download"), entity.url(f"export/{job.payload['export']}"))]


@handler("export", summary=export_summary, links=export_links)
def export_rows(job: Job) -> bool:
    """Write the file."""
    return exporting.step(job)


@handler("exchange.prune")
def prune_some(job: Job) -> bool:
    """Throw some of it away."""
    return retention.prune()


@periodic("exchange.prune", daily(time(3, 30)))
def prune(slot: datetime) -> None:
    """Throw away, in the background, what was kept long enough."""
    title = phrase(_("Clear old import and export files"))
    queue.start("exchange.prune", None, {}, title=title, key=f"exchange.prune:{slot:%Y-%m-%d}")
