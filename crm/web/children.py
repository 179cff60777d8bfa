"""A tab with the records of another entity that refer to this one."""

from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from crm.entity.catalogue import catalogue
from crm.entity.columns import BoundColumn, load_references
from crm.entity.declare import Entity, Tab
from crm.org.models import User
from crm.record.names import names
from crm.web.list import Head
from crm.web.rows import card_classes, table_rows

SHOWN = 20


class ChildTab:
    """The newest children, with the way to all of them and to a new one."""

    template = "record/tab_children.html"

    def __init__(self, entity: Entity, record: Any, user: User, child: Entity, tab: Tab, name: str) -> None:
        self.entity, self.record, self.user, self.child, self.tab, self.name = entity, record, user, child, tab, name

    @property
    def label(self) -> str | Promise:
        """What the children are called."""
        return self.child.model._meta.verbose_name_plural or self.child.label_plural

    @cached_property
    def rows(self) -> QuerySet[Any]:
        """All children that the user may see."""
        return self.child.list_queryset(self.user).filter(**{self.tab.via: self.record})

    @cached_property
    def columns(self) -> list[BoundColumn]:
        """What the table shows; not the record that they all belong to."""
        fields = catalogue(self.child, self.user)
        if self.tab.columns:
            return fields.choose(self.tab.columns)
        return [column for column in fields.choose(fields.listed) if column.path != self.tab.via]

    @cached_property
    def records(self) -> list[Any]:
        """The first children, and one more if there is one."""
        relations = sorted({column.relation for column in self.columns if column.relation})
        rows = self.rows.select_related(*relations) if relations else self.rows
        found = list(rows.order_by(*(self.tab.order or (*self.child.order, "pk"))).defer("search")[: SHOWN + 1])
        load_references(self.columns, found, self.user)
        return found

    @property
    def has_more(self) -> bool:
        """Whether the table leaves children out."""
        return len(self.records) > SHOWN

    @property
    def body(self) -> SafeString:
        """The table's body."""
        known = names(getattr(self.user, "org_stamp", None))
        return table_rows(self.child, self.columns, self.records[:SHOWN], known, pick=False)

    @property
    def heads(self) -> list[Head]:
        """The table's head."""
        return [Head(column, css, "", "") for column, css in zip(self.columns, card_classes(self.columns), strict=True)]

    @property
    def new_url(self) -> str:
        """The form of a new child of this record; empty if the user may not create one."""
        follows = self.child.model.parent_field == self.tab.via
        may = self.child.can(self.user, self.child.add_perm) and (not follows or self._may_change)
        return f"{self.child.url('new')}?{self.tab.via}={self.record.pk}" if may else ""

    @property
    def new_label(self) -> str | Promise:
        """What the button of the new child says."""
        return self.tab.verb or _("New %(entity)s") % {"entity": self.child.label}

    @property
    def all_url(self) -> str:
        """The children's own list, narrowed to this record; empty if that list cannot be narrowed so."""
        return f"{self.child.url('list')}?{self.tab.via}={self.record.pk}" if self.tab.via in self.child.filters else ""

    @cached_property
    def _may_change(self) -> bool:
        return self.entity.queryset(self.user, "change").filter(pk=self.record.pk).exists()
