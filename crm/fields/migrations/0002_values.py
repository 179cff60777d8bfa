"""Changed definitions make caches of them old; typed values of the custom column."""

from typing import ClassVar

from django.db import migrations
from django.db.migrations.operations.base import Operation

from crm.org.stamp import watch

# Casting text to a day or an instant depends on settings of the session, so an index cannot hold it.
# What is stored does not: days are YYYY-MM-DD, instants ISO 8601 in UTC.
VALUES = """
CREATE FUNCTION crm_day(stored text) RETURNS date LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN make_date(substr(stored, 1, 4)::int, substr(stored, 6, 2)::int, substr(stored, 9, 2)::int);

CREATE FUNCTION crm_instant(stored text) RETURNS timestamptz LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN timezone('UTC', make_timestamp(
    substr(stored, 1, 4)::int, substr(stored, 6, 2)::int, substr(stored, 9, 2)::int,
    substr(stored, 12, 2)::int, substr(stored, 15, 2)::int,
    split_part(substr(stored, 18), '+', 1)::double precision
));

CREATE FUNCTION crm_ids(stored jsonb) RETURNS bigint[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ARRAY(SELECT jsonb_array_elements_text(stored)::bigint);
"""
REVERSE = "DROP FUNCTION crm_day(text); DROP FUNCTION crm_instant(text); DROP FUNCTION crm_ids(jsonb);"


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("fields", "0001_initial"), ("org", "0002_stamp")]
    operations: ClassVar[list[Operation]] = [
        migrations.RunSQL(VALUES, REVERSE),
        *[watch(table) for table in ("fields_customfield", "fields_fieldrule", "fields_formlayout")],
    ]
