"""The sandbox's own routes: a document, or a message."""

import asyncio

import pytest

from bizmeme.errors import ServiceError
from bizmeme.shell.documents import fetch_json


def test_a_route_that_does_not_answer_asks_whether_the_sandbox_runs() -> None:
    with pytest.raises(ServiceError, match="Is the sandbox running"):
        asyncio.run(fetch_json("http://127.0.0.1:1/truth", timeout_s=5))
