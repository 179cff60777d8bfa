"""Logs that the law wants kept: the database lets nobody change a line, or delete one before its time."""

from django.db import migrations

from crm.audit.retention import LEAST_DAYS

GUARD_SQL = f"""
CREATE FUNCTION audit_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at < now() - interval '{LEAST_DAYS} days' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'rows of % are kept for {LEAST_DAYS} days and never changed', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
"""


def kept(table: str) -> migrations.RunSQL:
    """The migration operation that guards a table with a column `at` (TRUNCATE stays possible, for tests)."""
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION audit_keep()",
        f"DROP TRIGGER {table}_kept ON {table}",
    )
