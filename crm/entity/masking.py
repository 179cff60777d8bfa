"""Values of which a reader may see a part only: `138****8000`. One function, whoever renders."""

from dataclasses import dataclass
from typing import Any

STARS = "****"
SHORTEST = 7  # signs of which a part may be seen
END = 4


@dataclass(frozen=True)
class Mask:
    """What is shown in part: always, or until somebody owns the record.

    `owner` is the path from the record to the id of its owner where that counts.
    """

    owner: str = ""

    def hides(self, record: Any) -> bool:
        """Whether this record's value is shown in part."""
        if not self.owner:
            return True
        *way, last = self.owner.split("__")
        for step in way:
            record = getattr(record, step)
        return getattr(record, last) is None


def masked(value: Any, kind: str) -> str:
    """What a reader without the right sees of a value: of phones the ends, of other numbers the last four signs."""
    if value is None or value == "":
        return ""
    text = str(value) if kind in ("phone", "email", "text", "long", "url") else ""
    if kind == "email" and "@" in text:
        return f"{text[0]}{STARS}@{text.rpartition('@')[2]}"
    signs = "".join(filter(str.isalnum, text))
    if len(signs) < SHORTEST or not any(map(str.isdigit, signs)):
        return STARS
    start = signs[: len(signs) - END - len(STARS)][:3] if kind == "phone" else ""
    return f"{start}{STARS}{signs[-END:]}"
