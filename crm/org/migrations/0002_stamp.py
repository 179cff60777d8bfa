"""Changes of users, roles and departments make caches of them old."""

from typing import ClassVar

from django.db import migrations
from django.db.migrations.operations.base import Operation

from crm.org.stamp import STAMP_REVERSE_SQL, STAMP_SQL, WATCHED, watch


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("org", "0001_initial")]
    operations: ClassVar[list[Operation]] = [
        migrations.RunSQL(STAMP_SQL, STAMP_REVERSE_SQL),
        *[watch(table, update) for table, update in WATCHED.items()],
    ]
