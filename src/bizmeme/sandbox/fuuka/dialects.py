"""How the generations of Warosu's markup differ (A: fuuka itself; B1 to B3 and C: rewritten since 2023).

What nobody recorded of B1, B2 and C is filled in after B3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from bizmeme.sandbox.fuuka.tree import Manner

Generation = Literal["A", "B1", "B2", "C", "B3"]

_OPEN_CELLS = frozenset({"td", "tr"})


@dataclass(frozen=True, slots=True)
class Dialect:
    """One generation."""

    name: Generation
    manner: Manner
    media: str  # what stands before /data/
    opening_class: str
    reply_class: str
    name_class: str
    file_class: str
    search_ids: bool  # whether a search's rows have the post's id
    fuuka: bool = False  # microdata, file before header, stamps turned into UTC
    og_title: bool = False


def _modern(
    name: Generation, media: str, classes: tuple[str, str, str, str], *, ids: bool, quoted: bool = False
) -> Dialect:
    manner = Manner(quoted, " />" if quoted else ">", _OPEN_CELLS)
    return Dialect(name, manner, media, *classes, ids, og_title=quoted)


DIALECTS: Mapping[Generation, Dialect] = MappingProxyType(
    {
        "A": Dialect(
            "A", Manner(True, " />", frozenset()), "//i.warosu.org", "", "reply", "postername", "", True, True
        ),
        "B1": _modern("B1", "", ("", "reply", "postername", ""), ids=True),
        "B2": _modern("B2", "https://i.warosu.org", ("", "reply", "postername", "fileinfo"), ids=True),
        "C": _modern(
            "C",
            "https://i.warosu.org",
            ("comment", "comment reply", "postername ", "fileinfo break-all"),
            ids=True,
            quoted=True,
        ),
        "B3": _modern(
            "B3",
            "https://i.warosu.org",
            ("comment", "comment reply", "postername", "fileinfo break-all"),
            ids=False,
        ),
    }
)
