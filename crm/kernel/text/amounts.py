"""Numbers as people write them."""

import re
import unicodedata

ORNAMENTS = re.compile(r"[\s,，'¥￥$元%]")


def plain_number(text: str) -> str:
    """The text without what surrounds or groups digits: "￥1,234.50" is 1234.50, "１２" is 12. Other text stays."""
    return ORNAMENTS.sub("", unicodedata.normalize("NFKC", text))
