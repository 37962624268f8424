"""bizmeme label status: done, skipped, by class, stratum and person; what is missing; agreement so far.

Asks the server each time: nothing is written, and what people labelled is fetched by `make refresh-labels`.
"""

import argparse
from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.table import Table

from bizmeme.apps.label.desk import Desk, desk
from bizmeme.core.estimates import Estimate
from bizmeme.core.label_status import LabelStatus, Person, label_status

_MINUTE_S = 60


def options(parser: argparse.ArgumentParser) -> None:
    """Its own options: none."""


def run(chosen: argparse.Namespace) -> None:
    """Print it."""
    with desk(chosen.overrides) as here:
        status, ignored = _status(here)
        simulated = here.params.sandbox is not None
        then = _next(status, simulated=simulated)
        Console(soft_wrap=True, highlight=False).print(*_told(status, ignored), then, sep="\n")


def _status(here: Desk) -> tuple[LabelStatus, dict[str, int]]:
    exported, params = here.annotator().export(), here.params
    status = label_status(
        exported.said,
        here.asking().places(),
        labels=params.labels.names,
        min_votes=params.export_labels.min_votes,
        seed=params.seed,
    )
    return status, {what: count for what, count in exported.ignored.items() if count}


def _told(status: LabelStatus, ignored: dict[str, int]) -> Iterator[RenderableType]:
    yield _progress(status)
    yield _strata(status)
    if status.people:
        yield _people(status)
    yield _agreement(status)
    for what, count in [*status.refused.items(), *ignored.items()]:
        yield f"Not counted: {count} × {what}"


def _progress(status: LabelStatus) -> Table:
    table = Table(title="Sampled posts", show_header=False)
    table.add_row("labelled", f"{status.done:,} of {status.sampled:,}")
    table.add_row("skipped", f"{status.skipped:,}")
    table.add_row("nobody has answered yet", f"{status.missing:,}")
    table.add_row("disputed, and not settled", f"{status.disputed:,}")
    for label, count in status.per_class.items():
        short = status.short[label]
        table.add_row(
            f"gold: {label}", f"{count:,}" + (f", {short:,} short of an equal share" if short else "")
        )
    return table


def _strata(status: LabelStatus) -> Table:
    table = Table("stratum", "labelled", "drawn", title="By slice, month and how busy the thread is")
    for name, (done, drawn) in status.per_stratum.items():
        table.add_row(name, str(done), str(drawn))
    return table


def _people(status: LabelStatus) -> Table:
    table = Table("project", "person", "answered", "of", "a post", "left", title="People")
    for each in status.people:
        table.add_row(each.project, each.annotator, str(each.done), *_pace(each))
    return table


def _pace(each: Person) -> tuple[str, str, str]:
    """Of how many, median seconds a post, and how long the rest takes."""
    median = "" if each.median_s is None else f"{each.median_s:.0f} s"
    left = "" if each.left_s is None else f"{each.left_s / _MINUTE_S:.0f} min"
    return "" if each.assigned is None else str(each.assigned), median, left


def _agreement(status: LabelStatus) -> str:
    found = status.alpha
    if not found.posts:
        return "Agreement: nobody has labelled the same post as somebody else yet."
    return (
        f"Agreement on {found.posts} posts: Krippendorff's alpha {_told_interval(found.nominal)} "
        f"(ordinal {_told_interval(found.ordinal)})"
    )


def _told_interval(estimate: Estimate) -> str:
    if estimate.value is None:
        return "undefined"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.2f}"
    return f"{estimate.value:.2f} ({estimate.low:.2f} to {estimate.high:.2f})"


def _next(status: LabelStatus, *, simulated: bool) -> str:
    if status.missing == status.sampled and simulated:
        return (
            "The sandbox's Label Studio lives as long as its process: let `bizmeme sandbox` run in another "
            "terminal, then `bizmeme label push`."
        )
    if status.missing == status.sampled:
        return "`bizmeme label push` brings the posts to the server."
    return "`make refresh-labels` fetches these labels and runs what depends on them."
