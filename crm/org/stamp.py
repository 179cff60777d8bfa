"""The triggers that count the organisation's stamp up.

A sequence gives the number, so that it never comes back, not even after a rolled-back change.
"""

from django.db import migrations

WATCHED = {
    "org_user": "UPDATE OF real_name, department_id, superior_id, is_active, is_superuser",
    "org_user_roles": "UPDATE",
    "org_role": "UPDATE",
    "org_grant": "UPDATE",
    "org_department": "UPDATE",
}

STAMP_SQL = """
CREATE SEQUENCE org_stamp_numbers;
INSERT INTO org_stamp (number) VALUES (nextval('org_stamp_numbers'));
CREATE FUNCTION org_count_stamp_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE org_stamp SET number = nextval('org_stamp_numbers');
    IF NOT FOUND THEN
        INSERT INTO org_stamp (number) VALUES (nextval('org_stamp_numbers'));
    END IF;
    RETURN NULL;
END $$;
"""
STAMP_REVERSE_SQL = "DROP FUNCTION org_count_stamp_up(); DROP SEQUENCE org_stamp_numbers; DELETE FROM org_stamp;"


def watch(table: str, update: str = "UPDATE") -> migrations.RunSQL:
    """The migration operation that makes changes of a table count the stamp up."""
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_stamp AFTER INSERT OR DELETE OR {update} ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION org_count_stamp_up()",
        f"DROP TRIGGER {table}_stamp ON {table}",
    )
