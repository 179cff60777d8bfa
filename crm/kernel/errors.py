"""What a rule says when it refuses. The texts are sentences for the user, in gettext."""

from collections.abc import Mapping, Sequence

from django.utils.functional import Promise


class Refused(Exception):
    """A rule says no. `text` is a sentence that tells the user why and what would help."""

    status = 409

    def __init__(self, text: "str | Promise") -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return str(self.text)


class Denied(Refused):
    """The user lacks the right to do this at all (the record itself may be visible to them)."""

    status = 403


class Stale(Refused):
    """Somebody else changed the record since the user loaded it."""


class Invalid(Refused):
    """Input that cannot be taken. `errors` maps a field's name to its sentences."""

    status = 400

    def __init__(self, errors: "Mapping[str, Sequence[str | Promise]]") -> None:
        self.errors = {name: list(texts) for name, texts in errors.items()}
        super().__init__("; ".join(str(text) for texts in self.errors.values() for text in texts))
