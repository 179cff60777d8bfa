"""统一社会信用代码, GB 32100: eighteen signs, the last one a check digit."""

import re
import unicodedata

from stdnum.cn import ric, uscc

_GAPS = re.compile(r"[\s\-]+")
# Before 2015: six digits of the region and the nine signs of the organisation code.
_OLD_TAX_NUMBER = re.compile(r"\d{6}[0-9A-Z]{9}")


def normalize(code: str) -> str:
    """The code in ASCII capitals without gaps, as it is stored and compared."""
    return _GAPS.sub("", unicodedata.normalize("NFKC", code)).upper()


def is_valid(code: str) -> bool:
    """Whether a normalized code can be one: by its check digit, or in one of the older forms."""
    return bool(uscc.is_valid(code)) or is_older_form(code)


def is_older_form(code: str) -> bool:
    """Whether it is a 15-digit tax number or a trader's identity number: still met, but worth a look."""
    return _OLD_TAX_NUMBER.fullmatch(code) is not None or bool(ric.is_valid(code))
