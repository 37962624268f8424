"""The closed vocabulary."""

import pytest

from bizmeme.core.vocabulary import Labels
from bizmeme.errors import LabelError

MOOD = Labels(name="mood", names=("bearish", "neutral", "bullish"))


def test_a_label_passes() -> None:
    assert MOOD.check("bullish", where="x") == "bullish"


def test_a_typo_names_place_and_nearest_label() -> None:
    with pytest.raises(LabelError) as raised:
        MOOD.check("bulish", where="the export of task 7")
    assert str(raised.value) == (
        "'bulish' is not a label of conf/labels/mood.yaml (bearish, neutral, bullish). "
        "Did you mean 'bullish'? Fix the export of task 7, or add the label."
    )
