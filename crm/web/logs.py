"""The operation log and the sign-in log, for administrators: to filter, to read, to take out as a file.

Looking at them is an operation like others and stands in the log.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from tempfile import TemporaryFile
from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_safe

from crm.audit import log as audit
from crm.audit.models import Entry, SignIn, SignInEvent
from crm.entity.history import VERBS
from crm.exchange.files.columns import Kind, column
from crm.exchange.files.csv_writer import write_csv
from crm.kernel import registry
from crm.kernel.dates import day_range
from crm.kernel.errors import Denied, Refused
from crm.kernel.phrases import phrase
from crm.org.models import User
from crm.record.names import names
from crm.web.doors import signed_in

PAGE = 50
MOST = 100_000  # lines in one file

Text = str | Promise


@dataclass(frozen=True)
class Line:
    """One line as its reader sees it; `link` leads to the record."""

    at: datetime
    by: str
    what: Text
    about: str
    detail: str
    address: str
    link: str = ""


@dataclass(frozen=True)
class Log:
    """One of the logs: its rows and what they say."""

    title: Text
    rows: Callable[[], QuerySet[Any]]
    # The field that says what happened, and the texts of its values.
    field: str
    values: Callable[[], dict[str, Text]]
    lines: Callable[[Sequence[Any], User], list[Line]]
    heads: tuple[Text, ...]


@require_safe
def page(request: HttpRequest, name: str) -> HttpResponse:
    """A page of a log, newest first."""
    user, log = _administrator(request), _log(name)
    filters = Filters(request, log)
    found = list(filters.rows(before=True)[: PAGE + 1])
    audit.note(user, "view_log", count=0, detail=phrase(log.title))
    context = {
        "name": name,
        "log": log,
        "logs": [(key, one.title) for key, one in LOGS.items()],
        "filters": filters,
        "lines": log.lines(found[:PAGE], user),
        "older": filters.query(before=_mark(found[PAGE - 1])) if len(found) > PAGE else "",
    }
    return render(request, "logs/page.html", context)


@require_safe
def export(request: HttpRequest, name: str) -> FileResponse:
    """What the filters find, as a .csv file."""
    user, log = _administrator(request), _log(name)
    rows = list(Filters(request, log).rows()[: MOST + 1])
    if len(rows) > MOST:
        raise Refused(_("More than %(most)s lines match. Narrow the days.") % {"most": MOST})
    columns = [column(str(log.heads[0]), Kind.DATETIME), *(column(str(head)) for head in log.heads[1:])]
    target = TemporaryFile(prefix="crm-log-")  # noqa: SIM115 - the response closes it
    lines = log.lines(rows, user)
    write_csv(target, columns, ((one.at, one.by, str(one.what), one.about, one.detail, one.address) for one in lines))
    target.seek(0)
    audit.note(user, "export_log", count=len(rows), detail=phrase(log.title))
    return FileResponse(target, as_attachment=True, filename=f"{log.title}.csv", content_type="text/csv")


class Filters:
    """Who, what, when and from where, as read from the URL."""

    def __init__(self, request: HttpRequest, log: Log) -> None:
        self.log, self.params = log, request.GET
        self.people = sorted(names().users.items(), key=lambda pair: pair[1])
        self.values = sorted(log.values().items(), key=lambda pair: str(pair[1]))
        self.by = _number(self.params.get("by", ""))
        self.what = self.params.get("what", "") if self.params.get("what") in log.values() else ""
        self.address = self.params.get("address", "").replace("\x00", "").strip()[:45]
        self.since, self.until = _day(self.params.get("since", "")), _day(self.params.get("until", ""))

    def rows(self, *, before: bool = False) -> QuerySet[Any]:
        """The lines that match; with `before` those after the page that the URL names."""
        rows = self.log.rows().order_by("-at", "-pk")
        if self.by:
            rows = rows.filter(by=self.by)
        if self.what:
            rows = rows.filter(**{self.log.field: self.what})
        if self.address:
            rows = rows.filter(address=self.address)
        if self.since:
            rows = rows.filter(at__gte=day_range(self.since)[0])
        if self.until:
            rows = rows.filter(at__lt=day_range(self.until)[1])
        mark = _read(self.params.get("before", "")) if before else None
        return rows.filter(at__lte=mark[0]).exclude(at=mark[0], pk__gte=mark[1]) if mark else rows

    def query(self, **more: str) -> str:
        """The parameters that ask for the same again."""
        kept = {name: self.params.get(name, "") for name in ("by", "what", "address", "since", "until")}
        return urlencode({name: value for name, value in (kept | more).items() if value})


def _operations(rows: Sequence[Entry], user: User) -> list[Line]:
    known, called = names(), _names(rows, user)
    return [_operation(row, known.users, called) for row in rows]


def _operation(row: Entry, users: Any, called: dict[tuple[str, int], str]) -> Line:
    entity = registry.find(row.entity)
    name = called.get((row.entity, row.record_id or 0), "")
    label = entity.label if entity else ""
    many = _("%(count)s records") % {"count": f"{row.count:,}"} if row.count > 1 else ""
    which = name or many or (f"#{row.record_id}" if row.record_id else "")
    return Line(
        at=row.at,
        by=users.get(row.by_id or 0, _("System")),
        what=_operation_label(row, entity),
        about=" · ".join(part for part in (label, which) if part),
        detail=row.text,
        address=row.address,
        link=entity.url("detail", row.record_id) if entity and name else "",
    )


def _operation_label(row: Entry, entity: Any) -> Text:
    action = entity.action(row.action) if entity else None
    return action.label if action else _verbs().get(row.action, row.action)


def _verbs() -> dict[str, Text]:
    actions = {action.name: action.label for entity in registry.entities() for action in entity.actions}
    return {**actions, **VERBS, **audit.OPERATIONS}


def _names(rows: Sequence[Entry], user: User) -> dict[tuple[str, int], str]:
    """Names of the records that the reader may see: one query for each kind of them."""
    wanted: dict[str, set[int]] = {}
    for row in rows:
        if row.record_id and registry.find(row.entity):
            wanted.setdefault(row.entity, set()).add(row.record_id)
    return {
        (key, record.pk): str(record)
        for key, ids in wanted.items()
        for record in registry.get(key).queryset(user).filter(pk__in=ids).defer("search")
    }


def _sign_ins(rows: Sequence[SignIn], user: User) -> list[Line]:
    known = names().users
    return [
        Line(row.at, known.get(row.by_id or 0, ""), row.get_event_display(), row.username, row.device, row.address)
        for row in rows
    ]


LOGS = {
    "operations": Log(
        gettext_lazy("Operation log"),
        Entry.objects.all,
        "action",
        _verbs,
        _operations,
        (
            pgettext_lazy("of a log", "At"),
            pgettext_lazy("of a log", "By"),
            gettext_lazy("Operation"),
            pgettext_lazy("of a log", "Record"),
            gettext_lazy("Detail"),
            gettext_lazy("IP address"),
        ),
    ),
    "sign-ins": Log(
        gettext_lazy("Sign-in log"),
        SignIn.objects.all,
        "event",
        lambda: dict(SignInEvent.choices),
        _sign_ins,
        (
            pgettext_lazy("of a log", "At"),
            pgettext_lazy("of a log", "By"),
            gettext_lazy("Event"),
            gettext_lazy("User name"),
            gettext_lazy("Device"),
            gettext_lazy("IP address"),
        ),
    ),
}


def _log(name: str) -> Log:
    if name not in LOGS:
        raise Http404
    return LOGS[name]


def _mark(row: Any) -> str:
    return f"{row.at.isoformat()}~{row.pk}"


def _read(text: str) -> tuple[datetime, int] | None:
    at, _tilde, pk = text.partition("~")
    try:
        found = datetime.fromisoformat(at), int(pk)
    except ValueError:
        return None
    return found if found[0].tzinfo and 0 < found[1] < 2**62 else None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _administrator(request: HttpRequest) -> User:
    user = signed_in(request.user)
    if not user.is_staff:
        raise Denied(_("The logs are for administrators."))
    return user


urlpatterns = [
    path("<slug:name>/", page, name="log"),
    path("<slug:name>/export/", export, name="log-export"),
]
