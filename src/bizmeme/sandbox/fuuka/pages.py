"""Pages of the archive as elements: index, thread, a search's results, and what stands where nothing is."""

from collections.abc import Sequence

from bizmeme.sandbox.fuuka.comments import Here
from bizmeme.sandbox.fuuka.dialects import Dialect
from bizmeme.sandbox.fuuka.entries import Entry, Excerpt
from bizmeme.sandbox.fuuka.posts import Nodes, opening, reply, row
from bizmeme.sandbox.fuuka.tree import Raw, Tag, tag, written

_TITLE = "Business & Finance"


def here(board: str, excerpts: Sequence[Excerpt], *, dialect: Dialect, key: int) -> Here:
    """What the posts of a page know of it."""
    numbers = frozenset(entry.no for excerpt in excerpts for entry in excerpt.entries)
    return Here(board, numbers, key, dialect.fuuka)


def listing(excerpts: Sequence[Excerpt], dialect: Dialect, on: Here, *, form: bool = False) -> Tag:
    """An index page, or a thread's own page, which also has a form to reply."""
    parts: Nodes = []
    for excerpt in excerpts:
        first, *others = excerpt.entries
        if first.opens:
            parts.append(opening(first, dialect, on, omitted=excerpt.omitted))
        else:
            others = [first, *others]
        parts += [reply(entry, dialect, on) for entry in others]
        parts += [_form()] if form else []
        parts += [tag("br", class_="newthr"), tag("hr")]
    return _page(parts, dialect, on.board)


def results(rows: Sequence[Entry], dialect: Dialect, on: Here) -> Tag:
    """A page of a search's results."""
    found: Nodes = [row(entry, dialect, on) for entry in rows]
    return _page(found or [tag("p", "No posts found")], dialect, on.board)


def problem(message: str, dialect: Dialect, board: str) -> Tag:
    """What goes with status 404."""
    return _page([tag("div", message, class_="error")], dialect, board)


def text(page: Tag, dialect: Dialect) -> str:
    """The page as it goes over the wire."""
    return "<!DOCTYPE html>\n" + written(page, dialect.manner)


def _page(parts: Nodes, dialect: Dialect, board: str) -> Tag:
    title = f"/{board}/ - {_TITLE}"
    meta = tag("meta", property="og:title", content=title) if dialect.og_title else None
    head = tag("head", tag("title", title, "\n"), meta)
    content = tag("div", *_between(parts), class_="content")
    form = tag("form", content, id="postform", action=f"/{board}/", method="post")
    return tag("html", head, tag("body", _search(board), form))


def _between(parts: Nodes) -> Nodes:
    return [each for part in parts for each in (part, "\n")]


def _search(board: str) -> Tag:
    return tag("form", tag("input", type="text", name="search_text"), action=f"/{board}/", method="get")


def _form() -> Tag:
    """The form to reply: a cell like a post's, that is none."""
    cells = tag("td", Raw("&gt;&gt;"), class_="doubledash"), tag("td", "File: ", class_="subreply")
    return tag("table", tag("tbody", tag("tr", *cells)))
