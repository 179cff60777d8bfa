"""How texts are made comparable before they are searched or matched."""

import re
import unicodedata
from pathlib import Path

_PAIRS = (Path(__file__).parent / "simplified.txt").read_text(encoding="utf-8").split()

# Typists write v for ü, on a keyboard that has no ü.
SIMPLIFIED = str.maketrans({pair[0]: pair[1] for pair in _PAIRS} | {"ü": "v"})

# Inside Latin words, numbers and addresses these signs only group letters: 0571-8888, O'Neil, a@b.cn.
_GROUPING = re.compile(r"(?<=[0-9a-z])[-._'’&@/+]+(?=[0-9a-z])")
_OTHER = re.compile(r"[^\w\s]|_")


def plain(text: str) -> str:
    """NFKC (full-width letters become ASCII), lower case, traditional characters simplified."""
    return unicodedata.normalize("NFKC", text).lower().translate(SIMPLIFIED)


def words(text: str) -> list[str]:
    """The words of a text in plain form; signs inside Latin words go, other signs divide."""
    simple = plain(text)
    if simple.isalnum():
        return [simple]
    return _OTHER.sub(" ", _GROUPING.sub("", simple)).split()


def joined(text: str) -> str:
    """All letters and digits of a text in plain form, without any gap."""
    return "".join(words(text))
