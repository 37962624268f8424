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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bizmeme.errors import DataError
from bizmeme.shell.auto_label.labelling import Labelling, Tools
from bizmeme.shell.auto_label.planning import Plan
from bizmeme.shell.auto_label.questions import Work, work_to_do
from bizmeme.shell.builder import build, checked
from bizmeme.shell.image_store import ImageStore
from bizmeme.shell.journal import Journal
from bizmeme.shell.journals import alone, open_journal
from bizmeme.shell.origins import check_origin, strange_tables
from bizmeme.shell.paying.ledger import Ledger
from bizmeme.shell.paying.statement import statement
from bizmeme.shell.workspace import Workspace, state_home
from bizmeme.stages.auto_label import Params, check_rule, hired, prompting, terms


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
        work = _work(params, workspace)
        if chosen.pilot:
            check_origin(workspace)
        elif told := strange_tables(workspace):
            console.print(f"{told}: this is what these posts would cost there.", style="yellow")
        with open_journal(workspace.home, workspace.origin) as journal:
            hands = _hands(work, params, journal, workspace)
            if chosen.pilot:
                with alone(workspace.home, workspace.origin, doing="asking"):
                    asyncio.run(_ask_pilots(hands))
            plans = [Plan(hand, work, params.prices, params.labels.names) for hand in hands]
            for each in plans:
                console.print(_table(each))
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


def _work(params: Params, workspace: Workspace) -> Work:
    """Read the tables; raises DataError with the stages to run, which ask nobody."""
    try:
        work = work_to_do(prompting(params), workspace)
    except DataError as error:
        told = str(error).replace("`dvc repro`", "`dvc repro export_labels`, which pays for nothing")
        raise DataError(told) from None
    check_rule(work, params)
    return work


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


def _table(plan: Plan) -> Table:
    hand = plan.hand
    shown = Table(title=f"{hand.name}: {hand.labeller.model}, {hand.mode}", show_header=False, min_width=64)
    for name, value in plan.rows().items():
        shown.add_row(name, value)
    return shown


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
