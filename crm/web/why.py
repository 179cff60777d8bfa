"""The dialog that says why one sees a record, and to those who see other people's records, who else does."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from crm.record.visibility import audience, reasons, sees_others
from crm.web.doors import find_entity, find_record, signed_in
from crm.web.htmx import is_fragment


@require_safe
def why(request: HttpRequest, app: str, name: str, pk: int) -> HttpResponse:
    """The dialog for htmx, else a page with the same content."""
    user = signed_in(request.user)
    entity = find_entity(user, app, name)
    record = find_record(entity, user, pk)
    context = {
        "record": record,
        "back": entity.url("detail", pk),
        "reasons": reasons(record, user),
        "audience": audience(record) if sees_others(user, record.key()) else [],
    }
    return render(request, "record/why.html" if is_fragment(request) else "record/why_page.html", context)
