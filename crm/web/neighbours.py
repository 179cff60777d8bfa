"""Previous and next of the list that one came from, on a record's page. The list's query comes in the address."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from crm.entity.neighbours import neighbours
from crm.entity.query import ListQuery
from crm.web.doors import find_entity, find_record, signed_in
from crm.web.list import without_empty


@require_safe
def beside(request: HttpRequest, app: str, name: str, pk: int) -> HttpResponse:
    """The links; nothing if the record is not in that list (any more)."""
    user = signed_in(request.user)
    entity = find_entity(user, app, name)
    find_record(entity, user, pk)
    found = neighbours(ListQuery(entity, without_empty(request.GET), user), pk)
    return render(request, "record/neighbours.html", {"found": found, "entity": entity})
