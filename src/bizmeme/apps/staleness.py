"""Which scores are of another gold set than the one that people's labels make by now."""

from collections.abc import Mapping
from typing import Any

from bizmeme.shell.parquet import read_json
from bizmeme.shell.workspace import Workspace

SCORED = ("auto_label", "prepare", "evaluate", "sandbox")  # the metric files that gold goes into


def stale_scores(workspace: Workspace) -> str | None:
    """What to say of metric files whose gold is not that of metrics/agreement.json; None if none is."""
    held = {}
    for name in ("agreement", *SCORED):
        path = workspace.root / "metrics" / f"{name}.json"
        held[name] = read_json(path) if path.exists() else {}
    return warning(held.pop("agreement"), held)


def warning(agreement: Mapping[str, Any], scored: Mapping[str, Mapping[str, Any]]) -> str | None:
    """The same of the files' contents by name; an empty one (no stage ran, or no sandbox) has no score."""
    present = agreement.get("gold")
    stale = {name: one.get("gold") for name, one in scored.items() if one and one.get("gold") != present}
    if not agreement or not stale:
        return None
    files = ", ".join(f"metrics/{name}.json (gold {gold or 'unknown'})" for name, gold in stale.items())
    return f"STALE: people's labels make gold {present}; of another one: {files}. Run `dvc repro`."
