"""Elements of a page, and how they are written down: the same page quoted or not, closed or not.

written(tag("td", "gm", **{"class": "comment reply"}), quoted=False, …)  →  <td class="comment reply">gm</td>
"""

import html
from collections.abc import Callable, Iterator
from dataclasses import dataclass

VOID = frozenset({"br", "hr", "img", "input", "link", "meta"})
_NEEDS_QUOTES = frozenset(" \t\n\"'=<>`")


@dataclass(frozen=True, slots=True)
class Raw:
    """Markup as it stands."""

    text: str


@dataclass(frozen=True, slots=True)
class Tag:
    """An element."""

    name: str
    attributes: tuple[tuple[str, str], ...]
    children: "tuple[Tag | Raw | str, ...]"


def tag(element: str, /, *children: "Tag | Raw | str | None", **attributes: str) -> Tag:
    """An element; `class_` is the attribute `class`, `_` in other names is `-`; no child that is None."""
    named = tuple((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items())
    return Tag(element, named, tuple(child for child in children if child is not None))


@dataclass(frozen=True, slots=True)
class Manner:
    """How a generation writes."""

    quoted: bool
    void_end: str  # what ends an element without content: ">" or " />"
    left_open: frozenset[str]  # elements whose end is not written


def written(node: "Tag | Raw | str", manner: Manner) -> str:
    """The text of a page or a part of it."""
    return "".join(_pieces(node, manner))


def escaped(text: str) -> str:
    """Fuuka's entities: commas, too."""
    return html.escape(text).replace("&#x27;", "&#39;").replace(",", "&#44;")


def _pieces(node: "Tag | Raw | str", manner: Manner) -> Iterator[str]:
    if isinstance(node, str):
        yield escaped(node)
    elif isinstance(node, Raw):
        yield node.text
    else:
        attributes = "".join(_attribute(key, value, manner) for key, value in node.attributes)
        yield f"<{node.name}{attributes}{manner.void_end if node.name in VOID else '>'}"
        for child in node.children:
            yield from _pieces(child, manner)
        if node.name not in VOID and node.name not in manner.left_open:
            yield f"</{node.name}>"


def _attribute(key: str, value: str, manner: Manner) -> str:
    safe = html.escape(value)
    bare = not manner.quoted and value and not _NEEDS_QUOTES & set(value)
    return f" {key}={safe}" if bare else f' {key}="{safe}"'


def changed(node: Tag, change: "Callable[[Tag], Tag | Raw]") -> "Tag | Raw":
    """The same tree with every element, children first, put through `change`."""
    children = tuple(changed(each, change) if isinstance(each, Tag) else each for each in node.children)
    return change(Tag(node.name, node.attributes, children))
