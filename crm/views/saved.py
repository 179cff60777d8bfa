"""Finding, saving, changing and ordering saved views.

A view may be opened by its owner and by those with whom it is shared; only its owner changes it. It stores
a query and never rows, so that each reader's own scope and fields apply.
"""

from collections.abc import Collection
from hashlib import sha256
from json import dumps
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, QueryDict
from django.utils.translation import gettext as _

from crm.entity.catalogue import Catalogue
from crm.entity.declare import Entity
from crm.entity.query import ListQuery
from crm.kernel.errors import Denied, Refused
from crm.org.access import access_of
from crm.org.models import User
from crm.views.columns import Columns, from_json, usual
from crm.views.models import Audience, ListChoice, SavedView

MOST_VIEWS = 50  # of one owner and list


class SavedAlready(Refused):
    """The same query is saved under another name: `view`."""

    def __init__(self, view: SavedView) -> None:
        self.view = view
        super().__init__(_("This query is saved already as “%(name)s”.") % {"name": view.name})


def visible_views(entity: Entity, user: User) -> "QuerySet[SavedView]":
    """The views of a list that the user may open."""
    return all_visible_views(user).filter(entity=entity.key)


def all_visible_views(user: User) -> "QuerySet[SavedView]":
    """The views that the user may open, of whatever list; the right to the list is another matter."""
    shared = Q(pk__in=SavedView.users.through.objects.filter(user_id=user.pk).values("savedview_id"))
    ancestors = access_of(user).ancestor_ids
    if ancestors:
        through = SavedView.departments.through.objects.filter(department_id__in=ancestors)
        shared |= Q(pk__in=through.values("savedview_id"))
    mine = Q(owner_id=user.pk) | Q(audience=Audience.ALL) | (Q(audience=Audience.SOME) & shared)
    return SavedView.objects.filter(mine).order_by("pk")


def find(entity: Entity, user: User, pk: int, *, own: bool = False) -> SavedView:
    """A view by its id: 404 unless the user may open it; with `own` `Denied` unless it is theirs."""
    view = visible_views(entity, user).filter(pk=pk).first()
    if view is None:
        raise Http404
    if own and view.owner_id != user.pk:
        raise Denied(_("Only its owner changes this view. Save it under a name of your own."))
    return view


class Shelf:
    """The views of one list as one user finds them."""

    def __init__(self, entity: Entity, user: User) -> None:
        self.entity, self.user = entity, user
        found = ListChoice.objects.filter(user=user, entity=entity.key).first()
        self.choice = found or ListChoice(user=user, entity=entity.key)
        places = {pk: place for place, pk in enumerate(self.choice.order)}
        self.views = sorted(visible_views(entity, user), key=lambda view: (places.get(view.pk, len(places)), view.pk))

    @property
    def default(self) -> SavedView | None:
        """What the list opens with."""
        if self.choice.has_default:
            return self.get(self.choice.default_id)
        return next((view for view in self.views if view.is_default), None)

    def get(self, pk: int | str | None) -> SavedView | None:
        """A view of the shelf by its id."""
        return next((view for view in self.views if str(view.pk) == str(pk)), None)

    def opened(self, params: QueryDict) -> tuple[QueryDict, SavedView | None]:
        """The parameters of a list, with the default view in the place of none, and the view that they name.

        Where there is a default, `view=all` tells all records from an address that says nothing.
        """
        default = self.default
        if default and not params:
            return self.params_of(default), default
        params = params.copy()
        named = params.get("view", "")
        view = self.get(named)
        if view is None:
            params.pop("view", None)
            if default:
                params["view"] = "all"
        elif len(params) == 1:
            return self.params_of(view), view
        return params, view

    def columns(self, view: SavedView | None, fields: Catalogue) -> Columns:
        """The columns to show: as the user chose them for the view, as the view has them, as the list has them."""
        own = self.choice.columns
        found = [own.get(str(view.pk)), view.columns] if view else []
        stored = (from_json(one) for one in [*found, own.get("")])
        return next((columns for columns in stored if columns), None) or usual(fields)

    def params_of(self, view: SavedView) -> QueryDict:
        """The parameters with which a view opens."""
        params = QueryDict(view.query, mutable=True)
        params["view"] = str(view.pk)
        return params


def fingerprint(query: str, columns: Columns | None) -> str:
    """What two views with the same query, order, page size and columns have in common."""
    return sha256(dumps([query, columns.as_json() if columns else None]).encode()).hexdigest()


@transaction.atomic
def save(
    entity: Entity, user: User, query: ListQuery, columns: Columns | None, *, name: str, view: SavedView | None = None
) -> SavedView:
    """Store a query as a new view, or in the place of what `view` held.

    Raises `SavedAlready` for a query that the user can open under another name, `Refused` for a name that
    they gave before and for conditions that cannot be read.
    """
    query.refuse_unreadable()
    mark = fingerprint(query.normal, columns)
    # One at a time for each user, so that two tabs of a browser cannot save the same.
    User.objects.select_for_update().get(pk=user.pk)
    others = visible_views(entity, user).filter(fingerprint=mark)
    same = (others.exclude(pk=view.pk) if view else others).first()
    if same:
        raise SavedAlready(same)
    own = SavedView.objects.filter(entity=entity.key, owner=user)
    if view is None and own.count() >= MOST_VIEWS:
        raise Refused(_("You have %(count)s views here. Delete one that you do not need.") % {"count": MOST_VIEWS})
    kept = view or SavedView(entity=entity.key, owner=user)
    kept.name, kept.query, kept.fingerprint = name, query.normal, mark
    kept.columns = columns.as_json() if columns else {}
    check_name(kept)
    kept.save()
    return kept


def check_name(view: SavedView) -> None:
    """Raise `Refused` if its owner has another view of this name."""
    others = SavedView.objects.filter(entity=view.entity, owner=view.owner, name=view.name).exclude(pk=view.pk)
    if others.exists():
        raise Refused(_("You have a view of this name. Choose another name."))


@transaction.atomic
def share(view: SavedView, audience: str, users: Collection[int], departments: Collection[int]) -> None:
    """Say who may open a view."""
    view.audience = audience
    view.is_default = view.is_default and audience == Audience.ALL
    view.save(update_fields=["name", "audience", "is_default"])
    some = audience == Audience.SOME
    view.users.set(users if some else ())
    view.departments.set(departments if some else ())


def set_default(shelf: Shelf, view: SavedView | None) -> None:
    """Let the list open with a view, or with all records, for this user."""
    _keep(shelf, has_default=True, default=view)


@transaction.atomic
def set_default_for_all(entity: Entity, user: User, view: SavedView | None) -> None:
    """Let the list open with a view for everybody who chose nothing; `Denied` unless the user is a CRM manager."""
    if not user.is_staff:
        raise Denied(_("Only an administrator sets what a list opens with for everybody."))
    if view and view.audience != Audience.ALL:
        raise Refused(_("Share the view with everybody first."))
    SavedView.objects.filter(entity=entity.key, is_default=True).update(is_default=False)
    if view:
        SavedView.objects.filter(pk=view.pk).update(is_default=True)


def move(shelf: Shelf, view: SavedView, step: int) -> None:
    """Move a view's tab by some places, for this user."""
    ids = [one.pk for one in shelf.views]
    place = ids.index(view.pk)
    ids.insert(max(0, min(len(ids) - 1, place + step)), ids.pop(place))
    _keep(shelf, order=ids)


def choose_columns(shelf: Shelf, view: SavedView | None, columns: Columns | None) -> None:
    """Keep the columns that this user wants in a view or in the list itself; None forgets them."""
    key = str(view.pk) if view else ""
    kept = {name: value for name, value in shelf.choice.columns.items() if name != key}
    _keep(shelf, columns={**kept, **({key: columns.as_json()} if columns else {})})


def _keep(shelf: Shelf, **chosen: Any) -> None:
    shelf.choice, _made = ListChoice.objects.update_or_create(user=shelf.user, entity=shelf.entity.key, defaults=chosen)
