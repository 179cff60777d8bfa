"""What the tests of the record pages have in common."""

import json
import re
from typing import Any

from django.test import Client

from crm.org.models import User
from crm.record.models import Change, Record

DRAWER = {"HX-Request": "true", "HX-Target": "drawer-body"}
DIALOG = {"HX-Request": "true", "HX-Target": "dialog-body"}
HTMX = {"HX-Request": "true"}


def as_(user: User) -> Client:
    """A browser that is signed in as the user."""
    client = Client()
    client.force_login(user, "crm.org.auth.Backend")
    return client


def text(answer: Any) -> str:
    """The body of a page."""
    return str(answer.content.decode())


def hidden(answer: Any) -> dict[str, str]:
    """What the page's forms send without being asked: version, token."""
    found = re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', text(answer))
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


def events(answer: Any) -> dict[str, Any]:
    """What the answer tells the page to do."""
    told: dict[str, Any] = json.loads(answer.headers.get("HX-Trigger", "{}"))
    return told


def row(record: Record) -> tuple[Any, ...]:
    """Everything that the database holds of a record, with the length of its history."""
    model = type(record)
    changes = Change.objects.filter(content_type__model=model._meta.model_name, object_id=record.pk).count()
    return (*model._base_manager.filter(pk=record.pk).values_list().get(), changes)
