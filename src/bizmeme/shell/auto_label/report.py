"""What a labelling by vision APIs came to: its two tables, its figures, its plots."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bizmeme.core.annotations import Key
from bizmeme.core.metrics import Scores, score
from bizmeme.core.verdicts import Concluded
from bizmeme.shell.auto_label.labelling import Told
from bizmeme.shell.auto_label.plots import labeller_confusion_plot, reliability_plot
from bizmeme.shell.auto_label.questions import IMPORTED, Work
from bizmeme.shell.paying.till import Asked


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was asked and concluded; `in_doubt_usd` by request."""

    work: Work
    told: Mapping[str, Told]
    outcome: Concluded
    names: Sequence[str]  # of the labels
    in_doubt_usd: Mapping[str, float]

    def replies(self, *, origin: str) -> list[dict[str, Any]]:
        """Rows of AutoReplies: one a post and labeller."""
        asked = [
            {"labeller": name, "model": each.model} | _reply(key, one)
            for name, each in self.told.items()
            for key, one in each.said.items()
        ]
        brought = [
            {"labeller": IMPORTED, "model": IMPORTED} | _reply(key, one)
            for key, one in self.work.brought.items()
        ]
        return [
            row | {"origin": origin, "in_doubt_usd": self.in_doubt_usd.get(row["request_hash"], 0.0)}
            for row in [*asked, *brought]
        ]

    def labels(self) -> list[dict[str, Any]]:
        """Rows of AutoLabels: one a post."""
        return [
            {
                "board": key[0],
                "no": key[1],
                "label": verdict.label,
                "confidence": self.outcome.confidences[key] if verdict.label else None,
                "raw_confidence": verdict.confidence if verdict.label else None,
                "votes": verdict.votes,
                "reason": verdict.reason,
            }
            for key, verdict in self.outcome.verdicts.items()
        ]

    def figures(self) -> dict[str, Any]:
        """What metrics/auto_label.json holds; costs count each paid reply once."""
        said = [verdict.label for verdict in self.outcome.verdicts.values()]
        costs = {one.request_hash: one.cost_usd for each in self.told.values() for one in each.said.values()}
        pilot = self._pilot()
        return {
            "gold": self.work.gold,
            "posts": len(said),
            "labelled": sum(label is not None for label in said),
            "disagreed": sum(
                verdict.label is None and verdict.votes > 1 for verdict in self.outcome.verdicts.values()
            ),
            "label_mix": {name: said.count(name) for name in self.names},
            "requests": len(costs),
            "cost_usd": round(sum(costs.values()), 6),
            "in_doubt": len(self.in_doubt_usd),
            "pilot": {
                "n": pilot.n,
                "labelled": pilot.answered,
                "accuracy": pilot.accuracy,
                "accuracy_of_labelled": pilot.accuracy_of_answered,
                "macro_f1": pilot.macro_f1,
            },
            "confidence": self.outcome.together.figures(),
            "labellers": {name: self._labeller(name, each) for name, each in self.told.items()},
        }

    def _labeller(self, name: str, each: Told) -> dict[str, Any]:
        rest = {one.request_hash: one.cost_usd for key, one in each.said.items() if key not in each.pilot}
        asked_before = {each.said[key].request_hash for key in each.pilot}
        paid = sum(cost_usd for request, cost_usd in rest.items() if request not in asked_before)
        return {
            "model": each.model,
            "mode": each.mode,
            "labelled": sum(one.answer.label is not None for one in each.said.values()),
            "gate": each.gate.figures(),
            "forecast": each.forecast.figures() | {"paid_usd": round(paid, 6)},
        } | ({} if len(self.outcome.of_each) == 1 else {"confidence": self.outcome.of_each[name].figures()})

    def _pilot(self) -> Scores:
        gold = self.work.pilot
        verdicts = self.outcome.verdicts
        return score(list(gold.values()), [verdicts[key].label for key in gold], labels=self.names)

    def draw(self, folder: Path) -> None:
        """Reliability and confusion, as PNG files."""
        folder.mkdir(parents=True, exist_ok=True)
        who, people = " + ".join(each.model for each in self.told.values()) or IMPORTED, self.work.ceiling
        reliability_plot(self.outcome.together, folder / "reliability.png", labeller=who)
        labeller_confusion_plot(
            self._pilot(),
            self.names,
            folder / "confusion.png",
            labeller=who,
            ceiling=people.accuracy if people else None,
        )


def _reply(key: Key, asked: Asked) -> dict[str, Any]:
    return {
        "board": key[0],
        "no": key[1],
        "request_hash": asked.request_hash,
        "label": asked.answer.label,
        "confidence": asked.answer.confidence,
        "rationale": asked.answer.rationale,
        "reason": asked.answer.reason,
        "cost_usd": asked.cost_usd,
        "reply": asked.reply,
    }


def told_in_a_line(figures: Mapping[str, Any], *, paid_usd: float) -> str:
    """What it came to, for whoever watches it end, and what this run paid of it."""
    posts, labelled, disagreed = (figures[name] for name in ("posts", "labelled", "disagreed"))
    differ = f", on {disagreed:,} its labellers disagree" if disagreed else ""
    cost = f"their answers cost ${figures['cost_usd']:.4f}, of which this run paid ${paid_usd:.4f}"
    return f"{labelled:,} of {posts:,} posts have a label{differ}; {cost}."


def tracked(figures: Mapping[str, Any]) -> dict[str, list[tuple[int, float]]]:
    """What runs are compared by."""
    confidence = figures["confidence"]
    names = ("posts", "labelled", "disagreed", "requests", "cost_usd", "in_doubt")
    found = {name: figures[name] for name in names}
    found |= {f"label_mix.{name}": count for name, count in figures["label_mix"].items()}
    found |= {f"pilot.{name}": value for name, value in figures["pilot"].items() if value is not None}
    for name, each in figures["labellers"].items():
        gate, forecast = each["gate"], each["forecast"]
        found |= {
            f"{name}.{what}": value
            for what, value in (
                ("gate.macro_f1", gate["macro_f1"]["value"]),
                ("gate.macro_f1_low", gate["macro_f1"]["low"]),
                ("gate.share_of_ceiling", gate["share_of_ceiling"]),
                ("forecast.usd", forecast["usd"]["value"]),
                ("forecast.paid_usd", forecast["paid_usd"]),
            )
            if value is not None
        }
    for when in ("before", "after"):
        if confidence[when] is not None:
            found[f"ece.{when}"] = confidence[when]["ece"]
    return {name: [(0, float(value))] for name, value in found.items()}
