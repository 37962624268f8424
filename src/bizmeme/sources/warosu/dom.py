"""Small steps through a parsed page: in document order, without recursion, since pages are hostile."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from parsel import Selector

from bizmeme.errors import MarkupError

Element = Any  # lxml ships no types

_DEEPEST = 1_000  # a poster's 2,000 characters make less; from 2,048 on the parser drops the rest of a page


def parsed(html: bytes | str) -> Element:
    """The root of a page, however broken; bytes that are not UTF-8 become U+FFFD."""
    text = html.decode("utf-8", "replace") if isinstance(html, bytes) else html
    return Selector(text=text.encode("utf-8", "ignore").decode(), type="html").root


def classes(element: Element) -> frozenset[str]:
    """Its class tokens, in whatever order and spacing they stand."""
    return _tokens(element.get("class") or "")


@lru_cache(maxsize=1_024)
def _tokens(value: str) -> frozenset[str]:
    return frozenset(value.split())


def visit(root: Element, start: Callable[[Element], bool], text: Callable[[str], None]) -> None:
    """Call `start` on every element and `text` on every run of text under `root`, in document order.

    What is inside an element is visited only where `start` says so; `root` itself is not started. Raises
    MarkupError where elements nest so deeply that the parser may have left out the rest.
    """
    if root.text:
        text(root.text)
    waiting: list[tuple[Element, Iterator[Element]]] = [(root, iter(root))]
    while waiting:
        node = next(waiting[-1][1], None)
        if node is None:
            node = waiting.pop()[0]  # left: only what follows it is still to be read
        elif isinstance(node.tag, str) and start(node):  # not a comment of the page's author
            if node.text:
                text(node.text)
            if len(node):
                waiting.append((node, iter(node)))
                _check_depth(len(waiting))
                continue
        if node.tail and waiting:
            text(node.tail)


def _check_depth(depth: int) -> None:
    if depth > _DEEPEST:
        raise MarkupError(f"A page nests its elements more than {_DEEPEST} deep: nothing was read.")
