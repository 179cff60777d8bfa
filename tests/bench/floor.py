"""The floor: the least that a page with the same rows costs in the same server."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from crm.org.access import access_of
from crm.org.models import Scope, User

ROWS = """
SELECT c.id, c.name, kind.label, c.customer_class, status.label, owner.real_name, c.phone,
       c.last_follow_up_at, c.last_follow_up, c.next_follow_up_at, c.created_at
FROM (
    SELECT * FROM customers_customer
    WHERE deleted_at IS NULL AND {condition} ORDER BY created_at DESC, id DESC LIMIT 50
) AS c
LEFT JOIN record_picklistoption kind ON kind.id = c.kind_id
LEFT JOIN record_picklistoption status ON status.id = c.status_id
JOIN org_user owner ON owner.id = c.owner_id
ORDER BY c.created_at DESC, c.id DESC
"""


def page(request: HttpRequest, username: str) -> HttpResponse:
    """The fifty newest customers of a user's scope: one statement, one plain template."""
    condition, params = _scope(username)
    with connection.cursor() as cursor:
        cursor.execute(ROWS.format(condition=condition), params)
        rows = cursor.fetchall()
    return render(request, "floor.html", {"rows": rows})


@cache
def _scope(username: str) -> tuple[str, list[Any]]:
    user = User.objects.get(username=username)
    access = access_of(user)
    owners = access.owner_ids(access.scope("customers.customer", "view") or Scope.OWN)
    return ("owner_id IS NOT NULL", []) if owners is None else ("owner_id = ANY(%s)", [list(owners)])


class CountQueries:
    """Says in a header how many statements an answer took."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Count every statement, savepoints too."""
        count = 0

        def counted(execute: Any, *args: Any) -> Any:
            nonlocal count
            count += 1
            return execute(*args)

        with connection.execute_wrapper(counted):
            response = self.get_response(request)
        response.headers["X-Queries"] = str(count)
        return response
