"""Chinese phone numbers, as they are compared and checked."""

import re
import unicodedata

_SEVERAL = re.compile(r"[/、,;|]|或")
_EXTENSION = re.compile(r"(?:转|分机|ext\.?|x|#|\*)\s*\d{1,6}\s*$|(?<=\d{7})\s*-\s*\d{1,6}\s*$", re.IGNORECASE)
_COUNTRY = re.compile(r"^(?:\+|00)\s*86")
_CHINESE_MOBILE = re.compile(r"1[3-9]\d{9}")
_CHINESE = re.compile(
    r"1[3-9]\d{9}"  # mobile
    r"|0(?:10|2\d)\d{8}|0[3-9]\d{2}\d{7,8}"  # with area code
    r"|[2-8]\d{6,7}"  # within a city
    r"|[48]00\d{7}"  # paid by the company
    r"|1\d{4}|9[56]\d{3,4}"  # hotlines: 12345, 95588
)
_ABROAD = re.compile(r"\d{7,15}")
_SIGNS = re.compile(r"[\d\s()+.\-]+")


def normalize(phone: str) -> str:
    """The digits of the first number in a field, without +86 and extension; other countries keep `+` and code.

    Two fields hold the same number when these are equal. Empty when there are no digits.
    """
    first = _first(phone)
    digits = "".join(filter(str.isdecimal, _COUNTRY.sub("", first)))
    if first.startswith("+") and digits:
        return _within_china(digits) if _COUNTRY.match(first) else f"+{digits}"
    return digits


def is_mobile(phone: str) -> bool:
    """Whether a field holds a mobile number of mainland China."""
    return _CHINESE_MOBILE.fullmatch(normalize(phone)) is not None


def is_phone(phone: str) -> bool:
    """Whether a field holds a number that can be called: mobile, landline, hotline, or with +country."""
    first = _first(phone)
    if _SIGNS.fullmatch(first) is None:
        return False
    number = normalize(phone)
    return (_ABROAD.fullmatch(number[1:]) if number.startswith("+") else _CHINESE.fullmatch(number)) is not None


def _within_china(digits: str) -> str:
    """After +86 an area code has lost its 0."""
    return f"0{digits}" if re.fullmatch(r"(?:10|2\d)\d{8}|[3-9]\d{2}\d{7,8}", digits) else digits


def _first(phone: str) -> str:
    first = _SEVERAL.split(unicodedata.normalize("NFKC", phone), maxsplit=1)[0]
    return _EXTENSION.sub("", first).strip()
