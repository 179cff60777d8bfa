"""What happened to the fields of a company."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FieldsChanged:
    """A custom field was made, changed, retired or activated; emitted inside the transaction that does it."""
