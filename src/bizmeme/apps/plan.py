"""`bizmeme plan`: what auto_label would ask of which model, what it would cost, and how long it takes.

    bizmeme plan                                     from the pilot's usage blocks, where one was asked
    bizmeme plan --pilot                             ask the pilot first, for a few cents, and stop there
    bizmeme plan labeller.openai.mode=batch          another mode
    bizmeme plan 'auto_label.labellers=[gemini]'     another vendor
    bizmeme plan experiment=production               on the real board

Nothing is paid without --pilot, and no key is needed. What the journal holds already is not counted. Takes
overrides as a stage does. Before any pilot the forecast is a formula's: four characters a token.
"""

import argparse
import asyncio
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bizmeme.core.annotations import Key
from bizmeme.core.forecast import Forecast
from bizmeme.core.label_hours import BATCH_HOURS, live_hours
from bizmeme.errors import DataError
from bizmeme.ports.labellers import Question
from bizmeme.shell.auto_label.labelling import Labelling, Tools, dollars
from bizmeme.shell.auto_label.questions import Work, work_to_do
from bizmeme.shell.builder import build, checked
from bizmeme.shell.image_store import ImageStore
from bizmeme.shell.journal import Journal
from bizmeme.shell.journals import alone, open_journal
from bizmeme.shell.origins import RAW, strangers
from bizmeme.shell.paying.ledger import Ledger
from bizmeme.shell.paying.statement import statement
from bizmeme.shell.paying.till import Asked
from bizmeme.shell.workspace import Workspace, state_home
from bizmeme.stages.auto_label import Params, check_rule, hired, prompting, terms

_USUAL_SECONDS = 2.0  # of an answer, before any was timed


def main(arguments: list[str]) -> None:
    """Print one table a labeller; raises DataError where the stages before have not run."""
    parser = argparse.ArgumentParser(
        prog="bizmeme plan", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--pilot", action="store_true", help="ask about the `dev` gold posts now: it is paid for"
    )
    parser.add_argument(
        "overrides", nargs="*", metavar="key=value", help="as for a stage: experiment=production"
    )
    chosen = parser.parse_intermixed_args(arguments)
    console = Console(soft_wrap=True, markup=False, highlight=False)
    with _configured(chosen.overrides, asking=chosen.pilot) as (params, workspace):
        work = work_to_do(prompting(params), workspace)
        check_rule(work, params)
        if others := strangers((workspace.root / RAW).glob("*.parquet"), origin=workspace.origin):
            console.print(_of_others(others, workspace.origin, asking=chosen.pilot), style="yellow")
        with open_journal(workspace.home, workspace.origin) as journal:
            hands = _hands(work, params, journal, workspace)
            if chosen.pilot:
                with alone(workspace.home, workspace.origin, doing="asking"):
                    asyncio.run(_ask_pilots(hands))
            plans = [planned(hand, work) for hand in hands]
            for each in plans:
                console.print(table(each, work, params))
            forecast_usd = sum(each.forecast.usd.high or each.forecast.usd.value or 0 for each in plans)
            budget_usd = params.auto_label.budget_usd
            console.print(_money(journal.ledger, forecast_usd=forecast_usd, budget_usd=budget_usd))


@contextmanager
def _configured(overrides: Sequence[str], *, asking: bool) -> Iterator[tuple[Params, Workspace]]:
    """Composed and checked; addresses answer where somebody is asked."""
    from bizmeme.stages.compose import composed_yaml
    from bizmeme.stages.runner import addresses, origin, sections_of

    sections = sections_of(Params, composed_yaml(Path("conf"), list(overrides)).config)
    home, folder = state_home(), Path.cwd()
    with addresses(sections, home=home) if asking else nullcontext(sections) as found:
        yield checked(Params, found, where=""), Workspace(folder, folder, home, origin(sections["sandbox"]))


def _of_others(others: Collection[str], configured: str, *, asking: bool) -> str:
    """The posts are of another board than configured; raises DataError where they would be paid for."""
    told = f"The posts in data/ are of {', '.join(sorted(others))}, the configuration is of {configured}"
    if asking:
        raise DataError(f"{told}: nothing was asked. Run `dvc repro export_labels` with it first.")
    return f"{told}: this is what these posts would cost there."


def _hands(work: Work, params: Params, journal: Journal, workspace: Workspace) -> list[Labelling]:
    pictures = ImageStore(workspace.read("data/images")).read
    tools = Tools(journal, build("clock", params.clock), pictures)
    return [Labelling(each, work, terms(params), tools) for each in hired(params)]


async def _ask_pilots(hands: Sequence[Labelling]) -> None:
    try:
        for hand in hands:
            await hand.fetch_batches()
        for hand in hands:
            await hand.check_alive()
        for hand in hands:
            await hand.ask_pilot()
    finally:
        for hand in hands:
            await hand.labeller.close()


@dataclass(frozen=True, slots=True)
class Planned:
    """What one labeller would be asked, and what that takes."""

    hand: Labelling
    pilot: Mapping[Key, Asked]  # as far as it is held
    open: Sequence[Question]
    under_way: int  # of the open ones
    to_ask: Sequence[Question]
    forecast: Forecast


def planned(hand: Labelling, work: Work) -> Planned:
    """By what the journal holds."""
    pilot, questions = hand.held(work.pilot), hand.open_questions()
    under_way = hand.under_way(questions)
    to_ask = [each for each in questions if each not in under_way]
    return Planned(hand, pilot, questions, len(under_way), to_ask, hand.forecast_open(pilot, to_ask))


def table(plan: Planned, work: Work, params: Params) -> Table:
    """As people read it."""
    hand, forecast = plan.hand, plan.forecast
    model = hand.labeller.model
    shutdown = params.prices.models[model].shutdown
    shown = Table(title=f"{hand.name}: {model}, {hand.mode}", show_header=False, min_width=64)
    rows = {
        "prices": f"as of {params.prices.as_of} (conf/prices/)",
        "shut down": f"on {shutdown}" if shutdown else "not announced",
        "posts": f"{len(work.questions):,} with a picture to label",
        "requests": f"{hand.distinct:,}{_shared(hand.distinct, len(work.questions))}",
        "answered already": f"{hand.distinct - len(plan.open):,}",
        "in batches under way": f"{plan.under_way:,}",
        "to ask": f"{forecast.requests:,}",
        "tokens": f"{forecast.input_tokens.value or 0:,.0f} in, {forecast.output_tokens.value or 0:,.0f} out",
        "forecast": f"{dollars(forecast.usd, digits=4)}, {_basis(forecast)}",
        "reserved at once": _reserved(hand, plan.to_ask),
        "time": _time(hand, forecast),
        "pilot": _pilot(hand, plan.pilot, work),
    }
    for name, value in rows.items():
        shown.add_row(name, value)
    return shown


def _basis(forecast: Forecast) -> str:
    if forecast.basis == "pilot":
        return f"95 % interval, by {forecast.pilot} pilot answers"
    return "by formula alone: `bizmeme plan --pilot` makes it a measurement"


def _pilot(hand: Labelling, pilot: Mapping[Key, Asked], work: Work) -> str:
    wanted = sum(key in work.questions for key in work.pilot)
    if len(pilot) == wanted:
        return hand.measure(pilot).message(hand.name)
    return f"{len(pilot)} of {wanted} posts answered: `bizmeme plan --pilot` asks it, `dvc repro` as well"


def _reserved(hand: Labelling, questions: Sequence[Question]) -> str:
    """What has to be free under the cap while it is asked: each request's worst price."""
    if not questions:
        return "nothing"
    batch = hand.mode == "batch"
    worst = sorted((hand.labeller.worst(each, batch=batch).usd for each in questions), reverse=True)
    if batch:
        return f"${sum(worst):.4f} until its batches end; with less room under the cap, one after the other"
    at_once = hand.labeller.limits.concurrency
    return f"${sum(worst[:at_once]):.4f}, the worst price of {min(at_once, len(worst))} in flight"


def _shared(requests: int, posts: int) -> str:
    return ": near copies with the same words share one" if requests < posts else ""


def _time(hand: Labelling, forecast: Forecast) -> str:
    if not forecast.requests:
        return "none: nothing is left to ask"
    if hand.mode == "batch":
        return f"up to {BATCH_HOURS:.0f} hours: the vendors' promise for a batch"
    measured = hand.seconds_per_answer
    tokens = (forecast.input_tokens.value or 0) + (forecast.output_tokens.value or 0)
    took = live_hours(
        forecast.requests, tokens, limits=hand.labeller.limits, seconds_per_answer=measured or _USUAL_SECONDS
    )
    guessed = "" if measured else f" (an answer taken to need {_USUAL_SECONDS:.0f} s)"
    minutes = max(1, math.ceil(took.hours * 60))
    return f"{minutes} minute{'s' * (minutes > 1)}, held by limits.{took.held_by}{guessed}"


def _money(ledger: Ledger, *, forecast_usd: float, budget_usd: float) -> str:
    """Where the account stands, and whether the forecast fits under the cap."""
    lines = statement(ledger)
    parts = [f"Spent so far ${sum(each.paid_usd for each in lines):.4f}"]
    if under_way_usd := sum(each.under_way_usd for each in lines):
        parts.append(f"reserved for batches under way ${under_way_usd:.4f}")
    in_doubt_usd, sends = sum(each.in_doubt_usd for each in lines), sum(each.in_doubt for each in lines)
    parts.append(f"in doubt ${in_doubt_usd:.4f} ({sends} sends)")
    said = f"{', '.join(parts)}; auto_label.budget_usd is ${budget_usd:.4f}."
    needed_usd = ledger.spending().committed_usd + forecast_usd
    if needed_usd <= budget_usd:
        return said
    return (
        f"{said} With the forecast that is ${needed_usd:.4f}: the cap would stop it on the way. Raise "
        "auto_label.budget_usd above that, or set auto_label.limit."
    )
