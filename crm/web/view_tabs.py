"""The tabs of saved views above a list. Their counts come after the page, in one request, and are kept for seconds."""

from dataclasses import dataclass
from hashlib import sha256

from django.core.cache import cache
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.entity.query import ListQuery
from crm.record.names import names
from crm.views.columns import from_json
from crm.views.models import SavedView
from crm.views.saved import Shelf
from crm.web.counts import counts

KEPT = 30  # seconds
MOST = 999
# Further tabs have no count.
MOST_COUNTED = 12


@dataclass(frozen=True)
class ViewTab:
    """One tab."""

    pk: int
    name: str
    url: str
    # Who shares it; empty for one's own.
    by: str
    count: str
    current: bool


def view_tabs(shelf: Shelf, current: SavedView | None, counted: dict[int, str]) -> list[ViewTab]:
    """The tabs of a user's views, in their order."""
    known = names(getattr(shelf.user, "org_stamp", None)) if shelf.views else None
    return [
        ViewTab(
            pk=view.pk,
            name=view.name,
            url=f"{shelf.entity.url('list')}?view={view.pk}",
            by=known.users.get(view.owner_id, "") if known and view.owner_id != shelf.user.pk else "",
            count=counted.get(view.pk, ""),
            current=view is current,
        )
        for view in shelf.views
    ]


def known_counts(shelf: Shelf) -> dict[int, str] | None:
    """The counts of a moment ago; None if they have to be taken."""
    return cache.get(_key(shelf)) if shelf.views else {}


def tab_counts(shelf: Shelf) -> dict[int, str]:
    """The counts as of now, capped, in one round to the database; of views that cannot be read none."""
    kept = known_counts(shelf)
    if kept is not None:
        return kept
    queries = [
        (view, ListQuery(shelf.entity, QueryDict(view.query), shelf.user)) for view in shelf.views[:MOST_COUNTED]
    ]
    readable = [(view, query) for view, query in queries if not query.problems]
    numbers = counts([query.matching for _view, query in readable], MOST)
    found = {
        view.pk: f"{MOST}+" if number > MOST else str(number)
        for (view, _query), number in zip(readable, numbers, strict=True)
    }
    cache.set(_key(shelf), found, KEPT)
    return found


def lost_of(view: SavedView, query: ListQuery) -> list[str]:
    """What of a view this reader cannot have: conditions, order and columns on fields that are gone or hidden."""
    stored = QueryDict(view.query)
    told = [
        _("The view asks for “%(field)s”, which does not exist or which you may not see.") % {"field": name}
        for name in stored
        if name not in query.parameters
    ]
    if stored.get("sort", "").removeprefix("-") not in ("", *(name.removeprefix("-") for name in query.sort)):
        told.append(_("The view's order is not available to you."))
    columns = from_json(view.columns)
    missing = columns.missing(query.terms.fields) if columns else 0
    if missing:
        told.append(
            ngettext(
                "%(count)s column of the view is not available to you.",
                "%(count)s columns of the view are not available to you.",
                missing,
            )
            % {"count": missing}
        )
    return told


def _key(shelf: Shelf) -> str:
    content = ",".join(f"{view.pk}:{view.fingerprint}" for view in shelf.views)
    stamp = getattr(shelf.user, "org_stamp", "")
    return f"views:{shelf.entity.key}:{shelf.user.pk}:{stamp}:{sha256(content.encode()).hexdigest()[:16]}"
