"""Bulk writers of one kind of record and those who create single ones take turns: neither misses the other."""

from django.db import connection

from crm.record.models import Record


def take_bulk_turn(model: type[Record]) -> None:
    """Until this transaction ends, no other bulk write and no creation of such records goes on."""
    _lock("pg_advisory_xact_lock", model)


def take_turn(model: type[Record]) -> bool:
    """Until this transaction ends, no bulk write of such records goes on; whether one had to be waited for."""
    if _lock("pg_try_advisory_xact_lock_shared", model):
        return False
    _lock("pg_advisory_xact_lock_shared", model)
    return True


def _lock(function: str, model: type[Record]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtext(%s))", [f"turn:{model.key()}"])
        return bool(cursor.fetchone()[0])
