"""What the rights of every entity are called."""

from django.utils.translation import gettext_lazy as _

LABELS = {
    "view": _("View"),
    "add": _("Create"),
    "change": _("Edit"),
    "delete": _("Delete"),
    "import": _("Import"),
    "export": _("Export"),
    "print": _("Print"),
    "reveal": _("View full numbers"),
}
