"""Records over the API: list, read, create, change, delete. The same query, forms and doors as the pages."""

import hashlib
from collections.abc import Callable
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.core.exceptions import NON_FIELD_ERRORS
from django.db import transaction
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django_filters.widgets import SuffixedMultiWidget

from crm.api.endpoint import Call, answer
from crm.api.inputs import read
from crm.api.values import Rendering
from crm.entity import saving
from crm.entity.catalogue import catalogue
from crm.entity.declare import Entity
from crm.entity.forms import RecordForm, form_class
from crm.entity.query import DEFAULT_SIZE, LAST_PAGE, LONGEST_QUERY, ListQuery
from crm.flow.delete import delete as delete_action
from crm.flow.run import run
from crm.kernel.errors import Denied, Invalid, Stale
from crm.org.models import User
from crm.record.models import Record, Submission
from crm.record.names import names
from crm.record.submissions import once
from crm.web.doors import find_entity, find_record
from crm.web.list import without_empty

LARGEST_PAGE = 200
OWN_PARAMETERS = ("q", "sort", "page", "size")


# -- calls


def listing(call: Call, app: str, name: str) -> HttpResponse:
    """A page of the list that the user sees, by the filters, words and order of the list page."""
    entity = find_entity(call.user, app, name)
    query = query_of(call, entity)
    columns = [*catalogue(entity, call.user).fields.values()]
    rows = Rendering(columns, query.rows, call.user, query.names).rows()
    body = {
        "count": query.count.number,
        # Counting ends somewhere: there are more than `count`.
        "more": query.count.more,
        "page": query.page,
        "size": query.size,
        "has_next": query.has_next,
        "results": rows,
    }
    return answer(body)


def create(call: Call, app: str, name: str) -> HttpResponse:
    """A new record; sent again with the same Idempotency-Key, it is the record of the first time."""
    entity = find_entity(call.user, app, name)
    if not entity.can(call.user, entity.add_perm):
        raise Denied(_("Your role does not include this. Ask an administrator for the right."))
    form = _form(entity, call.user, call.json())

    def make() -> Record:
        return _refused_at_parent(entity, form, lambda: saving.create(entity, form, call.user))

    pk, fresh = once_per_key(call, make, call.request.body)
    headers = {"Location": address(entity, pk)} | ({} if fresh else {"Idempotent-Replayed": "true"})
    return answer(shown(entity, find_record(entity, call.user, pk), call.user), 201, headers)


def detail(call: Call, app: str, name: str, pk: int) -> HttpResponse:
    """One record."""
    entity = find_entity(call.user, app, name)
    return answer(shown(entity, find_record(entity, call.user, pk), call.user))


def change(call: Call, app: str, name: str, pk: int) -> HttpResponse:
    """Change the fields that are sent, if the record still has the version that the caller knows."""
    entity = find_entity(call.user, app, name)
    with transaction.atomic():
        record = find_record(entity, call.user, pk, "change", lock=True)
        sent = call.json()
        if _version(sent.pop("version", None)) != record.version:
            now = {"version": record.version}
            raise Stale(_("Somebody else changed this record: it has version %(version)s now.") % now)
        form = _form(entity, call.user, sent, record)
        _refused_at_parent(entity, form, lambda: saving.change(entity, form, call.user))
    return answer(shown(entity, find_record(entity, call.user, pk), call.user))


def delete(call: Call, app: str, name: str, pk: int) -> HttpResponse:
    """Put a record into the recycle bin."""
    entity = find_entity(call.user, app, name)
    run(delete_action, entity.model, [pk], by=call.user)
    return HttpResponse(status=204)


# -- what other calls share


def shown(entity: Entity, record: Record, user: User) -> dict[str, Any]:
    """A record as its reader sees it."""
    columns = [*catalogue(entity, user).fields.values()]
    return Rendering(columns, [record], user, names(getattr(user, "org_stamp", None))).rows()[0]


def address(entity: Entity, pk: int) -> str:
    """Where a record is found."""
    return f"/api{entity.url('detail', pk)}"


def query_of(call: Call, entity: Entity, *, own: tuple[str, ...] = OWN_PARAMETERS) -> ListQuery:
    """The list's query as the address has it; `Invalid` names parameters that do not exist or cannot be read."""
    params = call.request.GET
    query = ListQuery(entity, without_empty(params), call.user)
    errors: dict[str, list[str]] = {}
    known = {*own, *filter_parameters(query)}
    for name in params:
        if name not in known:
            errors[name] = [_("There is no parameter of this name.")]
    page, size = _whole(params.get("page"), 1, LAST_PAGE), _whole(params.get("size"), DEFAULT_SIZE, LARGEST_PAGE)
    if page is None:
        errors["page"] = [_("Send a whole number from 1 to %(most)s.") % {"most": LAST_PAGE}]
    if size is None:
        errors["size"] = [_("Send a whole number from 1 to %(most)s.") % {"most": LARGEST_PAGE}]
    if len(params.get("q", "")) > LONGEST_QUERY:
        errors["q"] = [_("Send at most %(count)s characters.") % {"count": LONGEST_QUERY}]
    if params.get("sort") and params["sort"].removeprefix("-") not in sortable(entity, call.user):
        errors["sort"] = [_("Rows cannot be sorted by this.")]
    for name, sentences in query.filters.form.errors.items():
        errors[name] = [str(sentence) for sentence in sentences]
    if errors:
        raise Invalid(errors)
    query.page, query.size = page or 1, size or DEFAULT_SIZE
    return query


def filter_parameters(query: ListQuery) -> dict[str, Any]:
    """The names of a list's filters in an address → their form fields; ranges have two names."""
    found: dict[str, Any] = {}
    for name, field in query.filters.form.fields.items():
        if isinstance(field.widget, SuffixedMultiWidget):
            parts: Any = field.fields  # type: ignore[attr-defined]
            found |= {f"{name}_{suffix}": part for suffix, part in zip(field.widget.suffixes, parts, strict=True)}
        else:
            found[name] = field
    return found


def sortable(entity: Entity, user: User) -> list[str]:
    """The fields by which rows may be sorted."""
    seen = catalogue(entity, user).fields
    return [column.path for column in entity.bound_columns if column.sortable and column.path in seen]


def once_per_key(call: Call, make: Callable[[], Any], sent: bytes) -> tuple[int, bool]:
    """Run `make` once for each Idempotency-Key; gives the id of what it made, and whether this call made it.

    `sent` is what the request says: the same key with something else is a mistake, and is refused.
    """
    key = call.request.headers.get("Idempotency-Key")
    if key is None:
        return make().pk, True
    token, fingerprint = _tokens(call, key, sent)
    with transaction.atomic():
        pk, fresh = once(call.user, str(token), make)
        if fresh:
            once(call.user, str(fingerprint), lambda: _Made(pk))  # type: ignore[arg-type, return-value]
        elif not Submission.objects.filter(user=call.user, token=fingerprint).exists():
            raise Invalid({"Idempotency-Key": [_("This key was used for another request.")]})
    return pk, fresh


class _Made:
    """Stands for what was made, by its id."""

    def __init__(self, pk: int) -> None:
        self.pk = pk


def _tokens(call: Call, key: str, sent: bytes) -> tuple[UUID, UUID]:
    try:
        given = UUID(key)
    except ValueError as error:
        raise Invalid({"Idempotency-Key": [_("Send a UUID.")]}) from error
    # Derived, so that no key meets the token of a page's form.
    digest = hashlib.sha256(sent).hexdigest()
    return uuid5(NAMESPACE_URL, f"key:{given}"), uuid5(given, f"{call.request.get_full_path()} {digest}")


def needed_fields(form: RecordForm) -> set[str]:
    """What has to be sent for a new record: required, and without a value to begin with."""
    return {
        name
        for name, field in form.fields.items()
        if name != "version" and field.required and _empty(form.get_initial_for_field(field, name))
    }


def input_fields(form: RecordForm) -> dict[str, Any]:
    """The fields of a form that a call may send."""
    return {name: field for name, field in form.fields.items() if name != "version"}


def new_form(entity: Entity, user: User) -> RecordForm:
    """The unbound form of a new record."""
    return form_class(entity, user)(instance=entity.model(), user=user)


def _form(entity: Entity, user: User, sent: dict[str, Any], record: Record | None = None) -> RecordForm:
    """The valid form of what was sent; `Invalid` with the sentences of its fields otherwise."""
    new = record is None
    empty = new_form(entity, user) if new else form_class(entity, user, record)(instance=record, user=user)
    data = read(input_fields(empty), sent, catalogue(entity, user).fields)
    if new:
        before = {name: empty.get_initial_for_field(field, name) for name, field in input_fields(empty).items()}
        form = form_class(entity, user)({**before, **data}, instance=entity.model(), user=user)
    else:
        form = form_class(entity, user, record, list(data))(data, instance=record, user=user) if data else empty
    if form.is_bound and not form.is_valid():
        raise Invalid({_name(name): [str(text) for text in texts] for name, texts in form.errors.items()})
    return form


def _refused_at_parent(entity: Entity, form: RecordForm, write: Callable[[], Record]) -> Record:
    """A refused place is told at the field that names it."""
    try:
        return write()
    except Denied as denied:
        parent = entity.model.parent_field
        if parent in form.fields:
            raise Invalid({parent: [denied.text]}) from denied
        raise


def _version(sent: Any) -> int:
    if isinstance(sent, bool) or not isinstance(sent, int):
        raise Invalid({"version": [_("Send the version of the record that you changed.")]})
    return sent


def _name(form_name: str) -> str:
    return "record" if form_name == NON_FIELD_ERRORS else form_name


def _empty(value: Any) -> bool:
    return value in (None, "", [])


def _whole(text: str | None, default: int, most: int) -> int | None:
    """A number of the address, 1 to `most`; None if it is none."""
    if text is None:
        return default
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= most else None
