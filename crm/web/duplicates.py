"""The hint about likely duplicates below a form, while one types."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crm.entity.duplicate_search import find
from crm.kernel.errors import Denied
from crm.web.doors import find_entity, signed_in

LONGEST = 200  # characters of a value


@require_POST
def duplicates(request: HttpRequest, app: str, name: str) -> HttpResponse:
    """Records like the one being typed; a POST, so that what is typed stays out of addresses and logs."""
    user = signed_in(request.user)
    entity = find_entity(user, app, name)
    check = entity.duplicate_check
    if check is None:
        raise Http404
    if not (entity.can(user, entity.add_perm) or entity.can(user, "change")):
        raise Denied(_("Your role does not include this. Ask an administrator for the right."))
    typed = {field: request.POST.get(field, "").replace("\x00", "").strip()[:LONGEST] for field in check.fields}
    editing = request.GET.get("id", "")
    exclude = int(editing) if editing.isascii() and editing.isdigit() and len(editing) < 19 else None
    hits = find(entity, check, typed, user, exclude)
    return render(request, "record/duplicates.html", {"entity": entity, "hits": hits})
