"""How often the statistics of auto-labelling are right: the gate, the forecast, calibration, consensus.

    python bench/gates.py                        # about two CPU-minutes
    python bench/gates.py --worlds 100 --only gate

Every world is drawn from a seed. Labellers and people err as the sandbox's strangers do: on 17 % of posts,
the hard ones, four times as often, and there in 70 % together. Gold is one person's word, wrong in 6.5 %.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from bizmeme.core.annotations import Key
from bizmeme.core.calibration import Method, Right
from bizmeme.core.consensus import Rule, Verdict, Word, agreed
from bizmeme.core.dawid_skene import dawid_skene
from bizmeme.core.forecast import Billed, Load, by_pilot
from bizmeme.core.intervals import Floats
from bizmeme.core.metrics import score
from bizmeme.core.pilot_gate import GateConfig, Pair, decide
from bizmeme.core.prices import TokenPrices, Usage, cost_usd
from bizmeme.core.reliability import calibrated, honesty

LABELS = ("bearish", "neutral", "bullish")
MIX = (0.36, 0.45, 0.19)
_HARD, _RATIO, _TOGETHER, _PERSON = 0.174, 4.0, 0.7, 0.065
_PILOT, _THREADS, _DOUBLE = 175, 140, 127
_POSTS, _VOTED = 10_000, 4000
_WHOLE_PICTURES = 0.9  # of posts: 308 tokens

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Crowd:
    """Posts and what strangers say of them, all by the number of a label."""

    truth: Codes
    said: list[Codes]


def crowd(rng: np.random.Generator, count: int, accuracies: Sequence[float]) -> Crowd:
    """Strangers of these accuracies, who err together on hard posts."""
    truth = rng.choice(3, count, p=MIX)
    hard, common, instead = rng.random(count) < _HARD, rng.random(count), rng.integers(1, 3, count)
    said = []
    for accuracy in accuracies:
        on_hard = min(1.0, (1 - accuracy) / (1 + _HARD * (_RATIO - 1)) * _RATIO)
        errs = np.where(hard, on_hard, (1 - accuracy - _HARD * on_hard) / (1 - _HARD))
        follows = hard & (rng.random(count) < _TOGETHER)
        lot = np.where(follows, common, rng.random(count))
        other = np.where(follows, instead, rng.integers(1, 3, count))
        said.append(np.where(lot >= errs, truth, (truth + other) % 3))
    return Crowd(truth, said)


def words(codes: Codes) -> list[str]:
    """Labels by their numbers."""
    return [LABELS[code] for code in codes]


def row(*cells: object) -> None:
    """One row of a table."""
    sys.stdout.write(f"| {' | '.join(map(str, cells))} |\n")
    sys.stdout.flush()


def gates(worlds: int) -> None:
    """How often each labeller passes, by the least macro-F1 and the least share of people's."""
    rules = [(0.54, 0.65), (0.57, 0.70), (0.60, 0.70), (0.60, 0.75)]
    row("right in", "macro-F1", "its lower end", *(f"passes {least} / {share}" for least, share in rules))
    row(*["---"] * 7)
    for accuracy in (0.50, 0.55, 0.60, 0.65, 0.70, 0.75, 0.80, 0.85):
        value, low, part = np.array([piloted(seed, accuracy) for seed in range(worlds)]).T
        passed = [((low >= least) & (part >= share)).mean() for least, share in rules]
        cells = (f"{100 * each:.1f} %" for each in passed)
        row(f"{accuracy:.2f}", f"{value.mean():.3f}", f"{low.mean():.3f}", *cells)


def piloted(seed: int, accuracy: float) -> tuple[float, float, float]:
    """A pilot of 175 posts: macro-F1, its lower end, its share of what two people showed on 127."""
    rng = np.random.default_rng(seed)
    pilot, twice = (
        crowd(rng, _PILOT, (accuracy, 1 - _PERSON)),
        crowd(rng, _DOUBLE, (1 - _PERSON, 1 - _PERSON)),
    )
    people = score(words(twice.said[0]), words(twice.said[1]), labels=LABELS).macro_f1
    threads = rng.integers(0, _THREADS, _PILOT).tolist()
    answers = zip(words(pilot.said[1]), words(pilot.said[0]), threads, strict=True)
    config = GateConfig(min_posts=1, min_macro_f1=0, min_share_of_ceiling=0, override=None)
    gate = decide([Pair(*one) for one in answers], config, labels=LABELS, ceiling=people, seed=seed)
    assert gate.macro_f1.value is not None
    assert gate.macro_f1.low is not None
    assert gate.share_of_ceiling is not None
    return gate.macro_f1.value, gate.macro_f1.low, gate.share_of_ceiling


def forecasts(worlds: int) -> None:
    """How often the interval holds the bill of 10,000 posts, and how wide it is."""
    held, width, off = np.array([_forecast(seed) for seed in range(worlds)]).T
    row("bills", "in the interval", "half its width", "at most", "off by", "on average")
    row(*["---"] * 6)
    sizes = (held.mean(), width.mean(), width.max(), np.abs(off).mean(), off.mean())
    row(worlds, *(f"{100 * size:.2f} %" for size in sizes))


def _forecast(seed: int) -> tuple[float, float, float]:
    """Whether the interval holds the bill; half its width and the error, as shares."""
    prices = TokenPrices(input=0.10, cached_input=0.025, output=0.50)
    asked, drawn = billed(np.random.default_rng(seed))
    pilot, rest = [asked[no] for no in drawn], [one for no, one in enumerate(asked) if no not in drawn]
    usd = by_pilot(pilot, [one.load for one in rest], prices, seed=seed).usd
    bill = sum(cost_usd(prices, one.usage) for one in rest)
    assert usd.value is not None
    assert usd.low is not None
    assert usd.high is not None
    return float(usd.low <= bill <= usd.high), usd.high / usd.value - 1, usd.value / bill - 1


def billed(rng: np.random.Generator) -> tuple[list[Billed], dict[int, None]]:
    """Log-normal texts, each with tokens a character of its own; and a pilot drawn by strata, not evenly."""
    texts = np.exp(rng.normal(rng.uniform(3, 5.5), rng.uniform(0.6, 1.4), _POSTS))
    chars = np.minimum(texts, 2000).round().astype(int)
    pictures = np.where(rng.random(_POSTS) < _WHOLE_PICTURES, 308, rng.integers(100, 308, _POSTS))
    per_char = rng.uniform(0.2, 0.35) * np.exp(rng.normal(0, rng.uniform(0.05, 0.3), _POSTS))
    inputs = (rng.uniform(200, 400) + per_char * chars + pictures).round().astype(int)
    outputs = np.exp(rng.normal(np.log(30), rng.uniform(0.1, 0.5), _POSTS)).round().astype(int)
    cached = np.where(rng.random(_POSTS) < rng.random(), 128, 0)
    weight = np.where(chars > np.median(chars), rng.uniform(0.2, 3), 1.0)
    drawn = rng.choice(_POSTS, _PILOT, replace=False, p=weight / weight.sum())
    table = np.stack([chars, pictures, inputs, outputs, cached], axis=1).tolist()
    return [Billed(Load(one[0], one[1]), Usage(*one[2:])) for one in table], dict.fromkeys(drawn.tolist())


def calibrations(worlds: int) -> None:
    """The sandbox's overconfident source: ECE on posts that taught nothing."""
    row("right in", "pilot", "method", "ECE raw", "cross-validated", "its floor", "on 20,000 others")
    row(*["---"] * 7)
    methods: tuple[Method, ...] = ("temperature", "isotonic")
    for accuracy, count, method in product((0.80, 0.75), (_PILOT, 2000), methods):
        found = np.mean([_calibrated(seed, accuracy, count, method) for seed in range(worlds)], axis=0)
        row(f"{accuracy:.2f}", count, method, *(f"{each:.3f}" for each in found))


def _calibrated(seed: int, accuracy: float, count: int, method: Method) -> tuple[float, ...]:
    rng = np.random.default_rng(seed)
    right, other = rng.random(count) < accuracy, rng.random(20_000) < accuracy
    raw, fresh = (0.999 - 0.25 * rng.random(len(hits)) ** np.where(hits, 3, 1.5) for hits in (right, other))
    found = calibrated(raw.tolist(), right.tolist(), threads=range(count), method=method)
    assert found.before is not None
    assert found.after is not None
    elsewhere = honesty(found.calibration.corrected(fresh), other)
    return found.before.ece, found.after.ece, found.after.floor, elsewhere.ece


def consensuses(worlds: int) -> None:
    """Two labellers by either rule: how many posts get a label, how good and how honest that is."""
    row("right in", "rule", "labelled", "right", "people agree", "confidence", "ECE", "ECE calibrated")
    row(*["---"] * 8)
    rules: tuple[Rule, ...] = ("agreement", "dawid_skene")
    for both, rule in product(((0.80, 0.75), (0.80, 0.55), (0.75, 0.75)), rules):
        found = np.mean([_together(seed, both, rule) for seed in range(worlds)], axis=0)
        row(f"{both[0]:.2f}, {both[1]:.2f}", rule, *(f"{each:.3f}" for each in found))


def _together(seed: int, accuracies: Sequence[float], rule: Rule) -> tuple[float, ...]:
    """Each labeller says its own accuracy as its confidence; the first posts are the pilot."""
    drawn = crowd(np.random.default_rng(seed), _VOTED, (*accuracies, 1 - _PERSON))
    first, second, person = (words(codes) for codes in drawn.said)
    posts = {
        ("biz", no): [Word("first", one, accuracies[0]), Word("second", other, accuracies[1])]
        for no, (one, other) in enumerate(zip(first, second, strict=True))
    }
    gold = {("biz", no): person[no] for no in range(_PILOT)}
    if rule == "agreement":
        verdicts = agreed(posts, labels=LABELS)
    else:
        verdicts = dawid_skene(posts, labels=LABELS, gold=gold, threads={key: key[1] for key in gold})
    pilot, hits = _surely(verdicts, person, range(_PILOT))
    found = calibrated(pilot.tolist(), hits.tolist(), threads=range(len(pilot)), method="temperature")
    raw, right = _surely(verdicts, words(drawn.truth), range(_PILOT, _VOTED))
    _, agrees = _surely(verdicts, person, range(_PILOT, _VOTED))
    before, after = honesty(raw, agrees), honesty(found.calibration.corrected(raw), agrees)
    return len(raw) / (_VOTED - _PILOT), right.mean(), before.right, before.confidence, before.ece, after.ece


def _surely(verdicts: Mapping[Key, Verdict], truth: Sequence[str], places: range) -> tuple[Floats, Right]:
    """Confidences of labelled posts, and whether they are right."""
    labelled = [(no, one) for no in places if (one := verdicts["biz", no]).label is not None]
    raw = np.array([one.confidence for _, one in labelled], np.float64)
    return raw, np.array([one.label == truth[no] for no, one in labelled], np.bool_)


PARTS = {
    "gate": (gates, 1000),
    "forecast": (forecasts, 500),
    "calibration": (calibrations, 40),
    "consensus": (consensuses, 10),
}


def main() -> None:
    """Write what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--worlds", type=int, help="of each part; usually 10 to 1,000")
    parser.add_argument("--only", choices=PARTS, help="one part")
    chosen = parser.parse_args()
    for name, (part, usual) in PARTS.items():
        if chosen.only in (None, name):
            sys.stdout.write(f"\n{name}\n\n")
            part(chosen.worlds or usual)


if __name__ == "__main__":
    main()
