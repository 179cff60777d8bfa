"""Saving, changing, sharing and ordering views of a list, and choosing its columns."""

from functools import cached_property
from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.entity.columns import BoundColumn
from crm.entity.declare import Entity
from crm.kernel.errors import Refused
from crm.org.models import User
from crm.record.names import Names, names
from crm.views import saved
from crm.views.columns import MOST_FROZEN, WIDTHS, chosen
from crm.views.models import Audience, SavedView
from crm.views.saved import SavedAlready, Shelf
from crm.web import list as lists
from crm.web.doors import find_entity, signed_in
from crm.web.htmx import is_fragment, toast, trigger
from crm.web.htmx import saved as told_saved

MOST_OFFERED = 20


# -- one view


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, app: str, name: str) -> HttpResponse:
    """Save the list's query as a view."""
    asked = Asked(request, app, name)
    if request.method != "POST":
        return asked.show(ViewForm(asked=asked, initial={"name": asked.suggested, "audience": Audience.PRIVATE}))
    form = ViewForm(request.POST, asked=asked)
    if not form.is_valid():
        return asked.show(form, status=422)
    listed = asked.listed
    try:
        with transaction.atomic():
            view = saved.save(asked.entity, asked.user, listed.query, listed.shown, name=form.cleaned_data["name"])
            _share(view, form)
    except Refused as refused:
        return asked.show(form, refused, status=409)
    if form.cleaned_data["default"]:
        saved.set_default(listed.shelf, view)
    return asked.opened(view, _("Saved"))


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, app: str, name: str, pk: int) -> HttpResponse:
    """Rename a view and say who may open it."""
    asked = Asked(request, app, name)
    asked.view = view = saved.find(asked.entity, asked.user, pk, own=True)
    if request.method != "POST":
        receivers = [*(f"u{one.pk}" for one in view.users.all()), *(f"d{one.pk}" for one in view.departments.all())]
        default = asked.shelf.choice.has_default and asked.shelf.choice.default_id == pk
        initial = {"name": view.name, "audience": view.audience, "receivers": receivers, "default": default}
        return asked.show(ViewForm(asked=asked, initial=initial))
    form = ViewForm(request.POST, asked=asked)
    if not form.is_valid():
        return asked.show(form, status=422)
    view.name = form.cleaned_data["name"]
    try:
        saved.check_name(view)
    except Refused as refused:
        return asked.show(form, refused, status=409)
    _share(view, form)
    if form.cleaned_data["default"]:
        saved.set_default(asked.shelf, view)
    return asked.managed(_("Saved"))


@require_POST
def overwrite(request: HttpRequest, app: str, name: str, pk: int) -> HttpResponse:
    """Let a view hold the list's present query and columns."""
    asked = Asked(request, app, name)
    view = saved.find(asked.entity, asked.user, pk, own=True)
    listed = asked.listed
    saved.save(asked.entity, asked.user, listed.query, listed.shown, name=view.name, view=view)
    return asked.opened(view, _("Saved"))


@require_POST
def delete(request: HttpRequest, app: str, name: str, pk: int) -> HttpResponse:
    """Delete a view; the records stay."""
    asked = Asked(request, app, name)
    view = saved.find(asked.entity, asked.user, pk, own=True)
    view.delete()
    return asked.managed(_("Deleted view “%(name)s”") % {"name": view.name})


# -- all views of a list


@require_GET
def manage(request: HttpRequest, app: str, name: str) -> HttpResponse:
    """The views in their order, with what may be done with each."""
    return Asked(request, app, name).managed()


@require_POST
def move(request: HttpRequest, app: str, name: str, pk: int) -> HttpResponse:
    """Move a tab one place up (`by` = -1) or down."""
    asked = Asked(request, app, name)
    saved.find(asked.entity, asked.user, pk)
    view = asked.shelf.get(pk)
    if view:
        saved.move(asked.shelf, view, -1 if request.POST.get("by") == "-1" else 1)
    return asked.managed()


@require_POST
def default(request: HttpRequest, app: str, name: str) -> HttpResponse:
    """Let the list open with `view`, or with all records; with `everyone` for all who chose nothing."""
    asked = Asked(request, app, name)
    named = request.POST.get("view", "")
    view = saved.find(asked.entity, asked.user, int(named)) if named.isascii() and named.isdigit() else None
    if "everyone" in request.POST:
        saved.set_default_for_all(asked.entity, asked.user, view)
    else:
        saved.set_default(asked.shelf, view)
    return asked.managed(_("Saved"))


@require_GET
def receivers(request: HttpRequest, app: str, name: str) -> HttpResponse:
    """Users and departments whose name contains `q`, to share a view with: {"results": [{id, text, hint}]}."""
    asked = Asked(request, app, name)
    words = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    departments = [(pk, label) for pk, label in asked.names.departments.items() if words in label]
    found = [
        *({"id": f"u{pk}", "text": label, "hint": ""} for pk, label in asked.names.find_users(words, MOST_OFFERED)),
        *({"id": f"d{pk}", "text": label, "hint": _("Department and below")} for pk, label in departments),
    ]
    return JsonResponse({"results": found[: 2 * MOST_OFFERED]})


# -- columns


@require_http_methods(["GET", "HEAD", "POST"])
def columns(request: HttpRequest, app: str, name: str) -> HttpResponse:
    """Which columns the list, or the view that is open, shows to this user."""
    asked = Asked(request, app, name)
    listed = asked.listed
    if request.method != "POST":
        return render(request, asked.template("columns"), {"dialog": ColumnDialog(listed)})
    if "reset" in request.POST:
        wanted = None
    else:
        sent = [path for path in request.POST.getlist("columns") if listed.query.terms.fields.get(path)]
        widths = {path: request.POST.get(f"width_{path}") for path in sent}
        wanted = chosen(sent, widths, request.POST.get("frozen"))
    saved.choose_columns(listed.shelf, listed.view, wanted)
    if is_fragment(request):
        return told_saved(HttpResponse(status=204))
    return redirect(listed.query.url())


class ColumnDialog:
    """What the dialog of the columns shows."""

    def __init__(self, listed: "lists.List") -> None:
        self.listed, self.entity, self.view = listed, listed.entity, listed.view

    @property
    def url(self) -> str:
        """Where it is sent to."""
        return self.entity.url("columns") + self.listed.query_string

    @property
    def first(self) -> BoundColumn:
        """The column that always stands first."""
        return self.listed.query.columns[0]

    @cached_property
    def rows(self) -> list[tuple[BoundColumn, bool, int]]:
        """(field, shown, width) of the others: the shown ones in their order, then the rest."""
        shown = self.listed.query.columns[1:]
        paths = {column.path for column in self.listed.query.columns}
        rest = [column for column in self.listed.query.terms.fields.fields.values() if column.path not in paths]
        widths = self.listed.shown.widths
        return [*((one, True, widths.get(one.path, 0)) for one in shown), *((one, False, 0) for one in rest)]

    @property
    def first_width(self) -> int:
        """The width of the first column."""
        return self.listed.shown.widths.get(self.first.path, 0)

    @property
    def widths(self) -> list[tuple[int, str]]:
        """The widths on offer, in pixels."""
        words = (_("Automatic"), _("Narrow"), _("Medium"), _("Wide"), _("Very wide"))
        return list(zip(WIDTHS, words, strict=True))

    @property
    def frozen(self) -> int:
        """How many columns stay in sight."""
        return self.listed.shown.frozen

    @property
    def freezes(self) -> range:
        """How many may."""
        return range(1, MOST_FROZEN + 1)


# -- what the dialogs are made of


class Receivers(forms.SelectMultiple):
    """Holds the chosen people and departments; the page turns it into a search box."""

    def __init__(self, known: Names, url: str) -> None:
        super().__init__(attrs={"data-options": url})
        self.known = known

    def optgroups(self, name: str, value: Any, attrs: Any = None) -> Any:
        """Offer what is chosen."""
        self.choices = [(one, label) for one in value if (label := receiver_name(self.known, one))]
        return super().optgroups(name, value, attrs)


class ViewForm(forms.Form):
    """Name and readers of a view."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=40)
    audience = forms.ChoiceField(label=gettext_lazy("Visible to"), choices=Audience.choices, widget=forms.RadioSelect)
    receivers = forms.Field(label=gettext_lazy("Users and departments"), required=False)
    default = forms.BooleanField(label=gettext_lazy("Open the list with this view"), required=False)

    def __init__(self, *args: Any, asked: "Asked", **options: Any) -> None:
        super().__init__(*args, **{"auto_id": "view_%s", **options})
        self.known = asked.names
        self.fields["receivers"].widget = Receivers(asked.names, asked.entity.url("views") + "receivers/")
        self.fields["name"].widget.attrs |= {"autofocus": True, "data-select": ""}

    def clean_receivers(self) -> tuple[list[int], list[int]]:
        """(user ids, department ids)."""
        sent = [one for one in self.cleaned_data.get("receivers") or () if receiver_name(self.known, one)]
        return tuple([int(one[1:]) for one in sent if one[0] == kind] for kind in "ud")  # type: ignore[return-value]

    def clean(self) -> None:
        """Sharing with some needs some."""
        data = self.cleaned_data
        if data.get("audience") == Audience.SOME and not any(data.get("receivers") or ()):
            self.add_error("receivers", _("Name at least one user or department."))


def receiver_name(known: Names, sent: str) -> str | None:
    """The name of `u12` (a user) or `d3` (a department); None if there is none."""
    kind, number = sent[:1], sent[1:]
    if not (number.isascii() and number.isdigit() and len(number) <= 18):
        return None
    return {"u": known.users, "d": known.departments}.get(kind, {}).get(int(number))


def _share(view: SavedView, form: ViewForm) -> None:
    users, departments = form.cleaned_data["receivers"]
    saved.share(view, form.cleaned_data["audience"], users, departments)


class Asked:
    """One request about the views of a list."""

    def __init__(self, request: HttpRequest, app: str, name: str) -> None:
        self.request = request
        self.user: User = signed_in(request.user)
        self.entity: Entity = find_entity(self.user, app, name)
        self.view: SavedView | None = None
        self.names = names(getattr(self.user, "org_stamp", None))

    @cached_property
    def listed(self) -> "lists.List":
        """The list as the address says."""
        return lists.List(self.entity, lists.without_empty(self.request.GET), self.user)

    @cached_property
    def shelf(self) -> Shelf:
        """The user's views of the list."""
        return Shelf(self.entity, self.user)

    @property
    def suggested(self) -> str:
        """A name made of the conditions."""
        words = [self.listed.query.words, *(chip.text for chip in self.listed.chips)]
        return _(", ").join(word for word in words if word)[:40]

    @property
    def url(self) -> str:
        """Where the form is sent to."""
        return self.request.get_full_path()

    def template(self, name: str) -> str:
        """A dialog, or for browsers without scripts a page with the same content."""
        return f"list/{name}.html" if is_fragment(self.request) else f"list/{name}_page.html"

    def show(self, form: ViewForm, refused: Refused | None = None, status: int = 200) -> HttpResponse:
        """The form of a view."""
        same = refused.view if isinstance(refused, SavedAlready) else None
        context = {"asked": self, "form": form, "refused": refused, "same": same}
        return render(self.request, self.template("view"), context, status=status)

    def opened(self, view: SavedView, text: str) -> HttpResponse:
        """Show the list with a view."""
        url = f"{self.entity.url('list')}?view={view.pk}"
        if not is_fragment(self.request):
            return redirect(url)
        return trigger(toast(HttpResponse(status=204), text), "opened", {"url": url})

    def managed(self, text: str = "") -> HttpResponse:
        """The dialog of all views as they are now; the tabs behind it follow."""
        if not is_fragment(self.request) and self.request.method == "POST":
            return redirect(self.entity.url("views"))
        self.shelf = Shelf(self.entity, self.user)
        response = render(self.request, self.template("views_dialog"), {"asked": self, "shelf": self.shelf})
        if self.request.method == "POST":
            response = trigger(response, "views")
        return toast(response, text) if text else response


urlpatterns = [
    path("views/", manage, name="views"),
    path("views/new/", new, name="view-new"),
    path("views/default/", default, name="view-default"),
    path("views/receivers/", receivers, name="view-receivers"),
    path("views/<int:pk>/", edit, name="view-edit"),
    path("views/<int:pk>/query/", overwrite, name="view-query"),
    path("views/<int:pk>/delete/", delete, name="view-delete"),
    path("views/<int:pk>/move/", move, name="view-move"),
    path("columns/", columns, name="columns"),
]
