"""auto_label: vision APIs label every post with a picture, under a dollar cap: pilot, gate, then all.

The pilot asks about the `dev` gold posts first. A labeller that agrees too little with people stops the
stage before the bulk is paid. Replies stand in the journal before they are read, so that a stopped run goes
on where it was and no answer is paid twice. Gold of the role `test` is never looked at here.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from bizmeme.core.calibration import Method
from bizmeme.core.consensus import Rule
from bizmeme.core.dawid_skene import check_known
from bizmeme.core.nested import flat
from bizmeme.core.pilot_gate import GateConfig
from bizmeme.core.prices import PriceTable
from bizmeme.core.settings import Plugin, PositiveInt, Section, Seed
from bizmeme.core.verdicts import Concluded, Pilot, Rules, concluded
from bizmeme.core.vocabulary import Labels
from bizmeme.errors import ConfigError, GateError
from bizmeme.ports.labellers import Labeller
from bizmeme.ports.trackers import Run, Tracker
from bizmeme.shell.auto_label.labelling import Hired, Labelling, Terms, Told, Tools, hold
from bizmeme.shell.auto_label.questions import Prompting, Work, work_to_do
from bizmeme.shell.auto_label.report import Report, told_in_a_line, tracked
from bizmeme.shell.builder import build
from bizmeme.shell.image_store import ImageStore
from bizmeme.shell.journal import Journal
from bizmeme.shell.journals import alone, open_journal
from bizmeme.shell.origins import check_origin
from bizmeme.shell.parquet import from_rows, write_json, write_table
from bizmeme.shell.paying.desk import Asking
from bizmeme.shell.paying.statement import answered, doubts, paid_since
from bizmeme.shell.workspace import Workspace
from bizmeme.tables.labels import AutoLabels, AutoReplies


class AutoLabelConfig(Section):
    """Who is asked what, and what it may cost."""

    labellers: Annotated[tuple[str, ...], Field(min_length=1)]
    """Sections of `labeller` that are asked, each about everything."""

    consensus: Rule
    """How several become one: `agreement`, or `dawid_skene`."""

    budget_usd: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    """Hard cap over all providers, processes and restarts of this origin."""

    limit: PositiveInt | None
    """At most so many posts are asked about, the pilot's always; null for all."""

    max_chars: PositiveInt
    """Longer texts are cut in the prompt."""

    ask_again: bool
    """Ask about posts, too, whose automatic label was imported: of an unknown model, and paid for."""

    calibration: Method
    """How confidences are corrected by the pilot: `temperature`, or `isotonic`."""

    asking: Asking
    """Patience with a busy or silent service."""

    gate: GateConfig
    """What the pilot must show."""


class Params(Section):
    """The sections that this stage reads."""

    labeller: dict[str, Plugin]
    prices: PriceTable
    labels: Labels
    guideline: str
    clock: Plugin
    auto_label: AutoLabelConfig
    tracker: Plugin
    seed: Seed
    sandbox: dict[str, Any] | None

    @model_validator(mode="after")
    def _offered(self) -> Self:
        """Whoever is asked is there, once, and offers what is asked of it at a known price."""
        if len(set(self.auto_label.labellers)) < len(self.auto_label.labellers):
            raise ValueError("auto_label.labellers names somebody twice: each is asked once. Name it once.")
        for name in self.auto_label.labellers:
            if name not in self.labeller:
                raise ValueError(
                    f"auto_label.labellers names '{name}'; labeller has {', '.join(sorted(self.labeller))}"
                )
            section = self.labeller[name].model_dump()
            model, mode = section.get("model", ""), section.get("mode", "live")
            try:
                self.prices.usable(model, mode, vendor=section["name"], where=f"labeller.{name}")
            except ConfigError as error:
                raise ValueError(str(error)) from error
        return self


def run(params: Params, workspace: Workspace) -> None:
    """Ask about the pilot, hold the gate, ask about the rest; write what was answered, and how sure it is."""
    check_origin(workspace)
    work = work_to_do(prompting(params), workspace)
    check_rule(work, params)
    with open_journal(workspace.home, workspace.origin) as journal:
        with alone(workspace.home, workspace.origin, doing="asking"):
            before = answered(journal.ledger)
            told = asyncio.run(_label(work, params, journal, workspace))
        paid_usd = paid_since(journal.ledger, before)
        report = _report(work, told, params, journal)
    replies = report.replies(origin=workspace.origin)
    write_table(AutoReplies, from_rows(AutoReplies, replies), workspace.write("data/auto_replies.parquet"))
    labels = from_rows(AutoLabels, report.labels())
    write_table(AutoLabels, labels, workspace.write("data/auto_labels.parquet"))
    figures = _shown(report, params, workspace)
    _record(params, figures, workspace)
    print(f"auto_label: {told_in_a_line(figures, paid_usd=paid_usd)}")  # noqa: T201


def _report(work: Work, told: Mapping[str, Told], params: Params, journal: Journal) -> Report:
    in_doubt_usd = {each.request_hash: each.reserved_usd for each in doubts(journal.ledger)}
    return Report(work, told, _concluded(work, told, params), params.labels.names, in_doubt_usd)


def _shown(report: Report, params: Params, workspace: Workspace) -> dict[str, Any]:
    """The figures, written down and drawn."""
    figures = report.figures() | {"prices_as_of": str(params.prices.as_of)}
    write_json(figures, workspace.write("metrics/auto_label.json"))
    report.draw(workspace.write("plots/auto_label"))
    return figures


def prompting(params: Params) -> Prompting:
    """How posts become questions."""
    config = params.auto_label
    return Prompting(
        params.labels,
        params.guideline,
        max_chars=config.max_chars,
        limit=config.limit,
        ask_again=config.ask_again,
    )


def hired(params: Params) -> list[Hired]:
    """Whoever is asked."""
    sections = {name: params.labeller[name] for name in params.auto_label.labellers}
    return [
        Hired(name, _built(name, section, params), section.model_dump()["mode"])
        for name, section in sections.items()
    ]


def _built(name: str, section: Plugin, params: Params) -> Labeller:
    where = f"labeller.{name}"
    needs = {"labels": params.labels, "prices": params.prices, "section": where}
    labeller: Labeller = build("labeller", section, where=where, **needs)
    return labeller


def terms(params: Params) -> Terms:
    """What holds for all of them."""
    config = params.auto_label
    return Terms(
        budget_usd=config.budget_usd,
        asking=config.asking,
        gate=config.gate,
        prices=params.prices,
        labels=params.labels.names,
        seed=params.seed,
    )


def check_rule(work: Work, params: Params) -> None:
    """Raise DataError where the rule needs more known posts than there are, before anything is paid."""
    several = len(params.auto_label.labellers) + bool(work.brought) > 1
    if several and params.auto_label.consensus == "dawid_skene":
        check_known(len(work.pilot))


async def _label(work: Work, params: Params, journal: Journal, workspace: Workspace) -> dict[str, Told]:
    """Every labeller's pilot, then, where the gate is open, the rest; nobody is hired for no question."""
    pictures = ImageStore(workspace.read("data/images")).read
    tools = Tools(journal, build("clock", params.clock), pictures)
    wanted = hired(params) if work.questions else []
    hands = [Labelling(each, work, terms(params), tools) for each in wanted]
    try:
        for hand in hands:
            await hand.fetch_batches()
        for hand in hands:
            await hand.check_alive()
        pilots = {hand.name: await hand.ask_pilot() for hand in hands}
        gates = {hand.name: hand.measure(pilots[hand.name]) for hand in hands}
        try:
            hold(gates)
        except GateError as error:  # what the pilots were like is worth a look
            stopped = {hand.name: hand.stopped(pilots[hand.name], gates[hand.name]) for hand in hands}
            _shown(_report(work, stopped, params, journal), params, workspace)
            raise GateError(f"{error}\nLook at {workspace.write('plots/auto_label')}.") from None
        for name, gate in gates.items():
            print(f"auto_label: {gate.message(name)}")  # noqa: T201
        return {hand.name: await hand.told(pilots[hand.name], gates[hand.name]) for hand in hands}
    finally:
        for hand in hands:
            await hand.labeller.close()


def _concluded(work: Work, told: Mapping[str, Told], params: Params) -> Concluded:
    said = {name: each.words(name) for name, each in told.items()}
    rules = Rules(params.labels.names, params.auto_label.consensus, params.auto_label.calibration)
    return concluded(said | work.words(), Pilot(work.pilot, work.threads), rules)


def _record(params: Params, figures: Mapping[str, Any], workspace: Workspace) -> None:
    """Tell the tracker what was asked and how it went, with the plots."""
    tracker: Tracker = build("tracker", params.tracker, home=workspace.home)
    made = hashlib.sha256(workspace.write("data/auto_labels.parquet").read_bytes()).hexdigest()
    # Where it was asked is no part of what was done: ports change.
    asked = {
        name: params.labeller[name].model_dump(exclude={"base_url"}) for name in params.auto_label.labellers
    }
    config = params.auto_label.model_dump() | {"labellers": ", ".join(asked)}
    sections = {"auto_label": config, "labeller": asked, "guideline": params.guideline}
    sections |= {"labels": ", ".join(params.labels.names), "prices": {"as_of": str(params.prices.as_of)}}
    sections |= {"gold": figures["gold"]}  # what the pilot was held against
    name = " + ".join(f"{each['model']} {each['mode']}" for each in asked.values())
    tracker.record(
        Run("labelling", name, flat(sections), tracked(figures), workspace.write("plots/auto_label"), made)
    )
