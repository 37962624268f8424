"""Nested keys as one level: how a tracker holds parameters."""

from collections.abc import Mapping


def flat(values: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Nested keys joined by dots: {"lora": {"r": 8}} → {"lora.r": 8}."""
    result: dict[str, object] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            result |= flat(value, f"{prefix}{key}.")
        else:
            result[prefix + key] = value
    return result
