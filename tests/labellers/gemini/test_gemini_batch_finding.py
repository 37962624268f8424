"""What is not the vendor's own word says of no batch that it is not there, and gives none a name."""

import asyncio

import pytest

from bizmeme.errors import ServiceError
from bizmeme.ports.labellers import Batches, BatchStatus
from tests.labellers.gemini.desk import Desk, Said, deep, refusal, told


def mine(**changes: object) -> dict[str, object]:
    return {"name": "batches/one", "metadata": {"displayName": "mine"}, **changes}


NONES = [
    Said(404, {"detail": "Not Found"}),
    Said(404, {"message": "no Route matched with those values"}),
    Said(404, {"error": "Not Found", "status": "NOT_FOUND", "code": 404}),
    Said(404, {"error": {"code": 404, "message": "No route.", "status": "UNKNOWN"}}),
    Said(404, [7]),
    Said(404, b"<html>404</html>", content_type="text/html"),
    Said(404, b""),
]


@pytest.mark.parametrize("answer", NONES)
def test_a_404_of_a_stranger_makes_no_batch_unknown(desk: Desk, answer: Said) -> None:
    with pytest.raises(ServiceError):
        told(desk, lambda batches: batches.look("batches/one"), answer)
    with pytest.raises(ServiceError):
        told(desk, lambda batches: batches.fetch("batches/one"), answer)


def test_a_404_of_the_vendor_makes_a_batch_unknown(desk: Desk) -> None:
    seen, _ = told(desk, lambda batches: batches.look("batches/one"), refusal(404, "None.", "NOT_FOUND"))
    assert seen == BatchStatus("unknown", 0, 0)


@pytest.mark.parametrize("answer", [*NONES, refusal(404, "Requested entity was not found.", "NOT_FOUND")])
def test_a_list_that_is_not_there_is_not_one_without_our_batch(desk: Desk, answer: Said) -> None:
    with pytest.raises(ServiceError):
        told(desk, lambda batches: batches.find("mine"), answer)


@pytest.mark.parametrize(
    "page",
    [
        {"detail": "Welcome"},
        {"operations": "abc"},
        {"operations": {"name": "batches/one"}},
        {"operations": [None]},
        {"operations": [{"name": "batches/one", "metadata": 7}]},
        {"operations": [{"name": "batches/one", "metadata": {"displayName": ["mine"]}}]},
        {"nextPageToken": 7},
        {"nextPageToken": []},
        {"nextPageToken": "\ud83d"},
        b'{"nextPageToken": %s}' % deep(900).encode(),
    ],
)
def test_what_is_no_list_of_batches_does_not_say_that_ours_is_not_there(desk: Desk, page: object) -> None:
    with pytest.raises(ServiceError, match="something else came than a list") as raised:
        told(desk, lambda batches: batches.find("mine"), Said(body=page))
    assert type(raised.value) is ServiceError


@pytest.mark.parametrize(
    "page",
    [
        {},
        {"operations": []},
        {"operations": None, "nextPageToken": ""},
        {"operations": [{"name": "batches/x"}]},
    ],
)
def test_a_list_that_comes_to_its_end_says_that_our_batch_is_not_there(desk: Desk, page: object) -> None:
    found, asked = told(desk, lambda batches: batches.find("mine"), Said(body=page))
    assert (found, len(asked)) == (None, 1)


def test_a_batch_is_found_beside_what_is_none(desk: Desk) -> None:
    page = {"operations": [None, mine(), mine(name="batches/older")], "nextPageToken": 7}
    assert told(desk, lambda batches: batches.find("mine"), Said(body=page))[0] == "batches/one"


def test_a_list_that_goes_round_in_circles_does_not_say_that_our_batch_is_not_there(desk: Desk) -> None:
    pages = [Said(body={"operations": [], "nextPageToken": token}) for token in ("one", "two", "one", "two")]

    async def find(batches: Batches) -> None:
        async with asyncio.timeout(5):
            await batches.find("mine")

    with pytest.raises(ServiceError, match="has no end") as raised:
        told(desk, find, *pages)
    assert type(raised.value) is ServiceError


def test_a_list_that_never_ends_does_not_say_that_our_batch_is_not_there(desk: Desk) -> None:
    pages = [Said(body={"nextPageToken": f"token {number}"}) for number in range(1001)]
    with pytest.raises(ServiceError, match="has no end"):
        told(desk, lambda batches: batches.find("mine"), *pages)


BAD_NAMES = [
    None,
    7,
    "",
    "None",
    "operations/other",
    "batches/",
    "batches/..",
    "batches/one/two",
    "batches/one?alt=media",
    "batches/one\n",
    "batches/\ud83d",
    "../../v1/files?x=1",
    "batches/" + "a" * 201,
]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_is_none_becomes_part_of_no_address(desk: Desk, name: object) -> None:
    for act in (
        lambda batches: batches.create("mine", [b"{}"]),
        lambda batches: batches.find("mine"),
        lambda batches: batches.look(str(name)),
        lambda batches: batches.fetch(str(name)),
    ):
        with pytest.raises(ServiceError, match="has no name that could be one") as raised:
            told(desk, act, Said(body={"name": name, "operations": [mine(name=name)]}))
        assert type(raised.value) is ServiceError


def test_a_name_of_the_vendors_is_kept_as_it_stands(desk: Desk) -> None:
    name = "batches/0Az-_.9" + "a" * 190
    assert told(desk, lambda batches: batches.create("mine", [b"{}"]), Said(body={"name": name}))[0] == name
