"""A comment's text as HTML: everything is escaped, addresses become links, and mentioned names stand out."""

import re
from collections.abc import Iterable, Iterator

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

ADDRESS = r"https?://[^\s<>\"'，。；、）》」]+"


def body(text: str, mentioned: Iterable[str]) -> SafeString:
    """The text with links and names; line breaks are the style's business."""
    called = "|".join(re.escape(f"{at}{name}") for name in sorted(mentioned, key=len, reverse=True) for at in "@＠")
    pattern = re.compile(f"({ADDRESS}{'|' + called if called else ''})")
    return format_html_join("", "{}", ((piece,) for piece in _pieces(pattern.split(text))))


def _pieces(parts: list[str]) -> Iterator[str | SafeString]:
    # What the pattern found stands at the odd places.
    for place, part in enumerate(parts):
        if place % 2 == 0:
            yield part
        elif part[0] in "@＠":
            yield format_html('<strong class="mention">{}</strong>', part)
        else:
            yield format_html('<a href="{}" rel="nofollow noopener noreferrer" target="_blank">{}</a>', part, part)
