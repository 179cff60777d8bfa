"""Amounts of money: what a line of a document comes to, and how an amount is written in capitals.

A line is rounded once, half up, and a document is the sum of its lines, so that what is printed adds up.
`static/crm/lines.js` computes the same while one types; `tests/lines` holds both against the same cases.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

CENT = Decimal("0.01")
HUNDRED = Decimal(100)
# Enough for the product of four full columns: nothing is rounded on the way.
EXACT = Context(prec=100, rounding=ROUND_HALF_UP)

DIGITS = "零壹贰叁肆伍陆柒捌玖"
UNITS = ((10**8, "亿"), (10**4, "万"), (1000, "仟"), (100, "佰"), (10, "拾"))


@dataclass(frozen=True)
class Amounts:
    """What one line, or a whole document, comes to; `reduction` is what the discount takes off."""

    net: Decimal = Decimal("0.00")
    tax: Decimal = Decimal("0.00")
    reduction: Decimal = Decimal("0.00")
    total: Decimal = Decimal("0.00")


def line_amounts(
    quantity: Decimal,
    price: Decimal,
    discount: Decimal = Decimal(0),
    rate: Decimal = Decimal(0),
    *,
    tax_included: bool = True,
) -> Amounts:
    """What a line comes to; `discount` and `rate` (of the tax) in percent.

    With `tax_included` the price holds the tax, as is usual here: the tax is what the total has above its
    net part. Without, the tax comes on top of the net part.
    """
    with localcontext(EXACT):
        full = quantity * price
        charged = cents(full * (HUNDRED - discount) / HUNDRED)
        less = cents(full) - charged
        if tax_included:
            net = cents(charged * HUNDRED / (HUNDRED + rate))
            return Amounts(net, charged - net, less, charged)
        tax = cents(charged * rate / HUNDRED)
        return Amounts(charged, tax, less, charged + tax)


def total_of(lines: Iterable[Amounts]) -> Amounts:
    """What a document comes to: the sums of its lines."""
    found = list(lines)
    with localcontext(EXACT):
        return Amounts(*(sum((getattr(one, part.name) for one in found), Decimal("0.00")) for part in fields(Amounts)))


def cents(amount: Decimal) -> Decimal:
    """An amount to two places; a half goes away from zero, and nothing has no sign."""
    return EXACT.add(amount.quantize(CENT, ROUND_HALF_UP, EXACT), Decimal(0))


def capitals(amount: Decimal) -> str:
    """An amount as documents write it out: 1409.50 is 壹仟肆佰零玖元伍角."""
    whole, rest = divmod(int(abs(cents(amount)) * HUNDRED), 100)
    tenth, hundredth = divmod(rest, 10)
    sign = "负" if amount < 0 and (whole or rest) else ""
    words = f"{_whole(whole)}元" if whole or not rest else ""
    if not rest:
        return f"{sign}{words}整"
    if tenth:
        words += f"{DIGITS[tenth]}角"
    elif words:
        words += DIGITS[0]
    return sign + words + (f"{DIGITS[hundredth]}分" if hundredth else "")


def _whole(number: int) -> str:
    """A whole number above zero in capitals, with one 零 wherever places are skipped."""
    for size, unit in UNITS:
        if number >= size:
            above, below = divmod(number, size)
            gap = DIGITS[0] if below and below < size // 10 else ""
            return _whole(above) + unit + gap + (_whole(below) if below else "")
    return DIGITS[number]
