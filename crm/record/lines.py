"""Lines of a document (明细): records that are written together with their document."""

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.record.models import Record

PERCENT = (MinValueValidator(0), MaxValueValidator(100))


class Line(Record):
    """One line; `parent_field` names its document, which should own it (`on_delete=models.CASCADE`)."""

    name_field = "number"
    search_names: ClassVar[Sequence[str]] = ()
    system_fields = Record.system_fields | {"position"}

    position = models.PositiveIntegerField(_("line number"), default=0, editable=False)

    class Meta:
        abstract = True

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Left to the database: here each constraint of each line would be a query."""


class PricedLine(Line):
    """A line with a price. What it comes to is computed by `crm.kernel.money` whenever it is written."""

    quantity = models.DecimalField(
        _("quantity"), max_digits=18, decimal_places=4, validators=[MinValueValidator(Decimal("0.0001"))]
    )
    price = models.DecimalField(_("unit price"), max_digits=18, decimal_places=4, validators=[MinValueValidator(0)])
    discount = models.DecimalField(
        _("discount %"), max_digits=5, decimal_places=2, default=Decimal(0), validators=PERCENT,
        help_text=_("10 takes a tenth off the price"),
    )  # fmt: skip
    tax_rate = models.DecimalField(
        _("tax rate %"), max_digits=5, decimal_places=2, default=Decimal(13), validators=PERCENT
    )
    net = models.DecimalField(_("net amount"), max_digits=18, decimal_places=2, default=Decimal(0), editable=False)
    tax = models.DecimalField(_("tax"), max_digits=18, decimal_places=2, default=Decimal(0), editable=False)
    reduction = models.DecimalField(_("reduction"), max_digits=18, decimal_places=2, default=Decimal(0), editable=False)
    total = models.DecimalField(_("amount"), max_digits=18, decimal_places=2, default=Decimal(0), editable=False)

    class Meta:
        abstract = True
