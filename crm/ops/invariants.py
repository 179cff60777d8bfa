"""What the base promises of every record, of the organisation and of background work."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext_lazy as _

from crm.kernel import registry
from crm.ops.checks import Invariant, invariants
from crm.org.models import PATH_STEP
from crm.record.models import Record


@invariants
def of_records() -> Iterable[Invariant]:
    """For each kind of record."""
    for model in sorted({entity.model for entity in registry.entities()}, key=lambda model: model.key()):
        yield from _of(model, ContentType.objects.get_for_model(model).pk)


def _of(model: type[Record], content_type: int) -> Iterator[Invariant]:
    table, key = model._meta.db_table, model.key()
    yield Invariant(
        f"P2 {key}",
        _("The owner history ends with the present owner."),
        f"SELECT r.id, r.owner_id, o.to_owner_id FROM {table} r LEFT JOIN LATERAL (SELECT to_owner_id"
        " FROM record_ownerchange WHERE content_type_id = %s AND object_id = r.id ORDER BY id DESC LIMIT 1) o ON true"
        " WHERE r.owner_id IS DISTINCT FROM o.to_owner_id",
        (content_type,),
    )
    yield Invariant(
        f"P2 {key} chain",
        _("Each line of the owner history begins with the owner of the line before."),
        "SELECT id, object_id, from_owner_id, before FROM (SELECT id, object_id, from_owner_id, lag(to_owner_id)"
        " OVER (PARTITION BY object_id ORDER BY id) AS before FROM record_ownerchange WHERE content_type_id = %s) h"
        " WHERE from_owner_id IS DISTINCT FROM before",
        (content_type,),
    )
    yield Invariant(
        f"A1 {key}",
        _("Every record has a line in the change history."),
        f"SELECT r.id FROM {table} r WHERE NOT EXISTS (SELECT 1 FROM record_change c"
        " WHERE c.content_type_id = %s AND c.object_id = r.id)",
        (content_type,),
    )
    yield Invariant(
        f"M12 {key}",
        _("Every record has a number of its own."),
        f"SELECT number, count(*) AS records FROM {table} GROUP BY number HAVING count(*) > 1 OR number = ''",
    )
    if model.parent_field:
        yield from _of_child(model)
    if hasattr(model, "share_tables"):
        yield from _of_shares(model)


def _of_child(model: Any) -> Iterator[Invariant]:
    parent: Any = model._meta.get_field(model.parent_field)
    yield Invariant(
        f"R1 {model.key()}",
        _("No record outlives the one it belongs to."),
        f"SELECT c.id, p.id AS parent_id FROM {model._meta.db_table} c"
        f" JOIN {parent.related_model._meta.db_table} p ON p.id = c.{parent.column}"
        " WHERE c.deleted_at IS NULL AND p.deleted_at IS NOT NULL",
    )


def _of_shares(model: Any) -> Iterator[Invariant]:
    for table, receiver in zip(_tables(model), ("user_id", "group_id"), strict=True):
        yield Invariant(
            f"P6 {model.key()} {receiver}",
            _("Whoever may change a shared record may see it."),
            f"SELECT s.content_object_id, s.{receiver} FROM {table} s JOIN auth_permission p ON p.id = s.permission_id"
            f" GROUP BY s.content_object_id, s.{receiver} HAVING NOT bool_or(p.codename LIKE 'view%%')",
        )


def _tables(model: Any) -> tuple[str, str]:
    shares = model.share_tables()
    return shares.users._meta.db_table, shares.departments._meta.db_table


@invariants
def of_the_organisation() -> Iterable[Invariant]:
    """Of departments and users."""
    yield Invariant(
        "P8 path",
        _("Every department's path leads from the root to it."),
        "SELECT d.id, d.path FROM org_department d LEFT JOIN org_department p ON p.id = d.parent_id"
        f" WHERE d.path <> coalesce(p.path, '') || lpad(d.id::text, {PATH_STEP}, '0')",
    )
    yield Invariant(
        "P8 root",
        _("There is one root department."),
        "SELECT count(*) AS roots FROM org_department WHERE parent_id IS NULL"
        " HAVING count(*) > 1 OR (count(*) = 0 AND (SELECT count(*) FROM org_department) > 0)",
    )
    yield Invariant(
        "P8 users",
        _("Active users stand in active departments."),
        "SELECT u.id, u.username, d.id AS department_id FROM org_user u JOIN org_department d ON d.id = u.department_id"
        " WHERE u.is_active AND NOT d.active",
    )


@invariants
def of_history() -> Iterable[Invariant]:
    """Of what must not be changed afterwards."""
    yield Invariant(
        "A3",
        _("The database refuses to change history."),
        "SELECT t AS table_name FROM unnest(ARRAY['record_change', 'record_ownerchange']) t WHERE NOT EXISTS ("
        "SELECT 1 FROM pg_trigger WHERE tgname = t || '_append_only' AND tgrelid = t::regclass AND tgenabled <> 'D')",
    )


@invariants
def of_imports() -> Iterable[Invariant]:
    """Of imports and background work."""
    yield Invariant(
        "A4 rows",
        _("Every row of a finished import came to an end."),
        "SELECT i.id, count(*) AS waiting FROM exchange_import i JOIN jobs_job j ON j.id = i.job_id"
        " JOIN exchange_importrow r ON r.batch_id = i.id WHERE j.state = 'done' AND r.state = 'pending' GROUP BY i.id",
    )
    yield Invariant(
        "A4 records",
        _("Every imported row names its record."),
        "SELECT batch_id, number FROM exchange_importrow WHERE state IN ('created', 'updated') AND record_id IS NULL",
    )
    yield Invariant(
        "A6",
        _("Work that runs has a worker that shows signs of life, or is taken up by another."),
        "SELECT id, heartbeat_at FROM jobs_job WHERE state = 'running' AND heartbeat_at < now() - interval '1 hour'",
    )
