"""JSON from strangers."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizmeme.core.values import parsed

SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(VALUES, st.booleans())
def test_a_body_is_read_as_the_standard_library_reads_it(value: Any, plain: bool) -> None:
    body = json.dumps(value, ensure_ascii=plain).encode(errors="surrogatepass")
    assert parsed(body) == json.loads(body.decode(errors="surrogatepass"))


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": "\\ud83d"}', {"a": "\ud83d"}),  # half a pair, as boards give it
        ('{"a": "é"}'.encode("utf-16"), {"a": "é"}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b"<html>", None),
        (b"", None),
        (b"[" * 100_000, None),
    ],
)
def test_what_boards_and_proxies_send(body: bytes, value: object) -> None:
    assert parsed(body) == value
