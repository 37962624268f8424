"""What columns of several tables share."""

from typing import Any

SHA256 = r"^[0-9a-f]{64}$"
SLICE = r"^(days|last_period)$"


def doc(text: str) -> dict[str, Any]:
    """A column's meaning, for docs/reference/tables.md."""
    return {"doc": text}
