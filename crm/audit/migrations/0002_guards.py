"""Logs are kept: nobody changes a line, or deletes one before its time."""

from typing import ClassVar

from django.db import migrations
from django.db.migrations.operations.base import Operation

from crm.audit.guards import GUARD_SQL, kept


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("audit", "0001_initial")]
    operations: ClassVar[list[Operation]] = [
        migrations.RunSQL(GUARD_SQL, "DROP FUNCTION audit_keep()"),
        kept("audit_entry"),
        kept("audit_signin"),
    ]
