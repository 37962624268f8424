"""reports/evaluate.html: one file to open, pictures inside, no script and nothing fetched."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bizmeme.core.estimates import with_interval
from bizmeme.core.metrics import Scores

_SLICE_NAMES = {"days": "held-out days", "last_period": "the last period"}
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>bizmeme: evaluation</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; color: #222 }
  table { border-collapse: collapse; margin: 1rem 0 } th, td { padding: .25rem .9rem; text-align: right }
  th:first-child, td:first-child { text-align: left } tr.student { font-weight: 600 }
  thead th { border-bottom: 1px solid #999 } .plots img { max-width: 49%; vertical-align: top }
  .cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 1rem }
  .card { border: 1px solid #ddd; border-radius: .4rem; padding: .6rem; overflow-wrap: anywhere }
  .card img { width: 100%; image-rendering: pixelated } .card p { margin: .3rem 0; white-space: pre-wrap }
</style>
<h1>The student against people's labels</h1>
<p>{{ scores.student.n }} test posts that no training ever saw.</p>
<table><thead><tr><th></th><th>accuracy</th><th>macro-F1</th></tr></thead>
{% for name, one in scores.items() %}<tr class="{{ name }}"><td>{{ name.replace("_", " ") }}</td>
<td>{{ "%.3f"|format(one.accuracy) }}</td><td>{{ "%.3f"|format(one.macro_f1) }}</td></tr>
{% endfor %}</table>
{% if ceiling %}<p class="ceiling">A person against the others, on {{ ceiling.posts }} posts that several
labelled: accuracy {{ with_interval(ceiling.accuracy) }},
macro-F1 {{ with_interval(ceiling.macro_f1) }}.</p>{% endif %}
<table class="slices"><thead><tr><th>accuracy by slice</th><th>posts</th>
{% for name in scores %}<th>{{ name.replace("_", " ") }}</th>{% endfor %}</tr></thead>
{% for slice, each in by_slice.items() %}<tr><td>{{ slice_names[slice] }}</td><td>{{ each.student.n }}</td>
{% for one in each.values() %}<td>{{ "%.3f"|format(one.accuracy) }}</td>{% endfor %}</tr>
{% endfor %}</table>
<table><thead><tr><th>label</th><th>precision</th><th>recall</th><th>F1</th><th>posts</th></tr></thead>
{% for name, one in scores.student.per_class.items() %}<tr><td>{{ name }}</td>
<td>{{ "%.3f"|format(one.precision) }}</td><td>{{ "%.3f"|format(one.recall) }}</td>
<td>{{ "%.3f"|format(one.f1) }}</td><td>{{ one.support }}</td></tr>
{% endfor %}</table>
<p class="plots">{% for plot in plots %}<img alt="" src="data:image/png;base64,{{ plot }}">{% endfor %}</p>
<h2>Most confident mistakes</h2>
<div class="cards">{% for one in mistakes %}<div class="card">
<img alt="" src="data:image/jpeg;base64,{{ one.encoded }}"><p>{{ one.text }}</p>
<p><b>people: {{ one.gold }}</b> · student: {{ one.said }} ({{ "%.2f"|format(one.confidence) }})</p></div>
{% endfor %}</div></html>
"""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A test post that the student gets wrong."""

    text: str
    gold: str
    said: str
    confidence: float
    picture: bytes  # JPEG

    @property
    def encoded(self) -> str:
        """The picture in base64."""
        return base64.b64encode(self.picture).decode()


@dataclass(frozen=True, slots=True)
class Page:
    """What the page shows: every predictor's scores, the same for each slice that has posts, mistakes.

    `ceiling` is the human ceiling as metrics/agreement.json has it.
    """

    scores: Mapping[str, Scores]
    by_slice: Mapping[str, Mapping[str, Scores]]
    mistakes: Sequence[Mistake]
    ceiling: Mapping[str, Any] | None


def write_report(page: Page, *, plots: Path, path: Path) -> None:
    """Write the page with the PNG files below `plots`; posts are strangers' text and are escaped."""
    import jinja2

    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(_PAGE)
    encoded = [base64.b64encode(file.read_bytes()).decode() for file in sorted(plots.glob("*.png"))]
    text = template.render(
        scores=page.scores,
        by_slice=page.by_slice,
        slice_names=_SLICE_NAMES,
        mistakes=page.mistakes,
        plots=encoded,
        ceiling=page.ceiling,
        with_interval=with_interval,
    )
    path.write_text(text, encoding="utf-8")
