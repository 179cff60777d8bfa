"""Patterns that administrators write: regular expressions of a kind that cannot run for long.

Python's engine tries again and again: repetitions inside repetitions take exponential time on a text
that almost fits. So there may be only a few open repetitions, none within another, and no references back.
"""

import re
from re import _constants as ops  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.deconstruct import deconstructible
from django.utils.translation import gettext_lazy as _

LONGEST_TEXT = 200  # characters that are compared with a pattern
MOST_REPETITIONS = 3
REPEATS = {ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT}
REFUSED = {ops.GROUPREF, ops.GROUPREF_EXISTS, ops.ASSERT, ops.ASSERT_NOT}


@deconstructible
class PatternValidator:
    """The whole text fits a pattern."""

    code = "pattern"

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern

    def __call__(self, value: Any) -> None:
        """ValidationError unless it fits."""
        text = str(value)
        if len(text) > LONGEST_TEXT or not re.fullmatch(self.pattern, text):
            raise ValidationError(
                _("This does not have the form that is asked for: %(pattern)s") % {"pattern": self.pattern},
                code=self.code,
            )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PatternValidator) and other.pattern == self.pattern

    def __hash__(self) -> int:
        return hash(self.pattern)


def check_pattern(pattern: str) -> None:
    """ValidationError with a sentence unless the pattern can be read and is sure to end soon."""
    try:
        tree = _parser.parse(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValidationError(_("This is no regular expression: %(error)s") % {"error": error}) from error
    if _repetitions(tree, inside=False) > MOST_REPETITIONS:
        raise ValidationError(_("Use at most %(most)s repetitions such as * or +.") % {"most": MOST_REPETITIONS})


def _repetitions(tree: Any, *, inside: bool) -> int:
    found = 0
    for op, argument in tree:
        if op in REFUSED:
            raise ValidationError(_("References back and looking around are not possible here."))
        repeats = op in REPEATS and argument[0] != argument[1]
        if repeats and inside:
            raise ValidationError(_("A repetition cannot stand within another."))
        found += repeats
        for below in _below(argument):
            found += _repetitions(below, inside=inside or (op in REPEATS and argument[1] > 1))
    return found


def _below(argument: Any) -> list[Any]:
    """The parts of an operation that are patterns themselves."""
    if isinstance(argument, _parser.SubPattern):
        return [argument]
    if isinstance(argument, tuple | list):
        return [below for part in argument for below in _below(part)]
    return []
