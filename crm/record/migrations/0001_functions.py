"""The guard of append-only tables."""

from typing import ClassVar

from django.db import migrations
from django.db.migrations.operations.base import Operation

from crm.record.append_only import REFUSE_SQL


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("org", "0001_initial")]
    operations: ClassVar[list[Operation]] = [
        migrations.RunSQL(REFUSE_SQL, "DROP FUNCTION crm_append_only()"),
    ]
