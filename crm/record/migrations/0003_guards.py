"""History is append-only, and a changed picklist makes caches of names old."""

from typing import ClassVar

from django.db import migrations
from django.db.migrations.operations.base import Operation

from crm.org.stamp import watch
from crm.record.append_only import append_only


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("record", "0002_initial"), ("org", "0002_stamp")]
    operations: ClassVar[list[Operation]] = [
        append_only("record_change"),
        append_only("record_ownerchange"),
        watch("record_picklistoption"),
    ]
