"""Which column holds what, and what is said where none does."""

import pytest
from pydantic import ValidationError

from bizmeme.core.columns import found, overlaid, require
from bizmeme.errors import DataError
from tests.dumps.dumping import rules


def test_the_first_name_that_is_there_counts_and_case_only_where_nothing_is_spelt_so() -> None:
    columns = rules().how.columns
    held = found(columns, ["Time", "posted_at", "NO", "op_text", "com"])
    assert held == {"time": "posted_at", "number": "NO", "html": "com"}
    assert found(columns, ["TIME", "time"])["time"] == "time"


def test_a_missing_column_is_one_error_with_what_exists_and_what_is_near() -> None:
    columns = rules().how.columns
    with pytest.raises(DataError) as caught:
        require(("number", "time"), columns, ["nmber", "txt"], where="old.csv", section="columns")
    told = str(caught.value)
    assert told.startswith("old.csv: no column holds the number (looked for no, num,")
    assert "perhaps 'nmber' does" in told
    assert "no column holds the time" in told
    assert "The columns are nmber, txt." in told
    assert "`columns: {number: <its column>}`" in told
    assert "nothing was read" in told


def test_a_persons_mapping_names_only_what_differs_and_requires_what_it_names() -> None:
    how = rules({"columns": {"time": "scraped", "subject": ""}, "labels": {"label": ["mood"]}}).how
    assert how.columns.time == ("scraped",)
    assert how.columns.subject == ()
    assert "no" in how.columns.number
    assert {"number", "time", "labels.label"} <= set(how.required)
    assert "subject" not in how.required


def test_own_ratings_replace_the_usual_ones() -> None:
    assert rules({"ratings": {"-1": "bearish"}}).how.ratings == {-1: "bearish"}


@pytest.mark.parametrize("over", [{"colums": {}}, {"columns": {"when": "x"}}, {"limits": {"wait_s": "long"}}])
def test_a_misspelt_key_or_a_wrong_value_is_refused(over: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        rules(over)


def test_laying_nothing_over_changes_nothing() -> None:
    assert rules({}).how == rules().how
    assert overlaid({"required": ["time"]}, {}) == {"required": ["time"]}
