"""Tables whose rows are never changed or deleted: the database refuses, whoever asks."""

from django.db import migrations

REFUSE_SQL = """
CREATE OR REPLACE FUNCTION crm_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""


def append_only(table: str) -> migrations.RunSQL:
    """The migration operation that guards a table (TRUNCATE stays possible, for tests)."""
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION crm_append_only()",
        f"DROP TRIGGER {table}_append_only ON {table}",
    )
