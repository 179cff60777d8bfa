"""Making and importing tables in tests."""

import csv
import io
from collections.abc import Sequence
from typing import Any

import openpyxl
from django.core.files.uploadedfile import SimpleUploadedFile

from crm.entity.declare import Entity
from crm.exchange import importing
from crm.exchange.models import Import
from crm.jobs import run
from crm.jobs.models import Job
from crm.kernel import registry
from crm.org.models import User

POOL, MINE, CONTACTS, FOLLOW_UPS = (
    "customers.pool",
    "customers.customer",
    "customers.contact",
    "customers.customerfollowup",
)


def csv_of(*rows: Sequence[Any]) -> bytes:
    """A .csv with these rows."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def xlsx_of(*rows: Sequence[Any]) -> bytes:
    """An .xlsx with these rows."""
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(list(row))
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def entity_of(key: str) -> Entity:
    """A registered entity."""
    found: Entity = registry.get(key)
    return found


def uploaded(user: User, key: str, content: bytes, name: str = "客户.csv", **options: Any) -> Import:
    """An upload, with its mapping guessed and options set."""
    batch = importing.upload(entity_of(key), user, SimpleUploadedFile(name, content), name)
    for option, value in options.items():
        setattr(batch, option, value)
    batch.save()
    return batch


def imported(user: User, key: str, *rows: Sequence[Any], **options: Any) -> tuple[Import, Job]:
    """Upload rows (the first is the header), import them, and give what became of it."""
    batch = uploaded(user, key, csv_of(*rows), **options)
    return batch, finished(batch, user)


def finished(batch: Import, user: User) -> Job:
    """Start an import and run it to its end."""
    job = importing.start(batch, user)
    run.work("a worker")
    job.refresh_from_db()
    return job


def outcome(batch: Import) -> list[tuple[int, str, str]]:
    """(row, state, reason) of every row."""
    return list(batch.rows.order_by("number").values_list("number", "state", "reason"))
