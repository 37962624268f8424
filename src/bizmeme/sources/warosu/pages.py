"""A page of Warosu → its threads and posts: one parser for every generation of its markup.

Generations differ in quoting, class order, wrappers, what is closed and what has an id. So a page is read
as a stream of elements, by class token: each thing belongs to the post that began last. A page that has
changed beyond that is refused, since an archive that silently gives nothing looks like an empty one.
"""

import re

from bizmeme.errors import ChallengeError, MarkupError
from bizmeme.sources.warosu.comments import read_comment
from bizmeme.sources.warosu.dom import Element, classes, parsed, visit
from bizmeme.sources.warosu.posts import ArchivePage, ArchivePost, ArchiveThread, Draft, Links

_CHALLENGES = (403, 503, 521)
_POST_ID = re.compile(r"p(\d{1,16})(?:_(\d+))?")
_TABLE = frozenset({"table", "tbody", "tr"})
_FILE_LINE = frozenset({"span", "div"})
_UNREAD = frozenset({"script", "style", "template", "title"})
_FEW_FILES = 4  # of which all may be missing: the archive did not get every file


def read_page(
    html: bytes | str, *, board: str, thread_no: int | None = None, status: int = 200, where: str = "a page"
) -> ArchivePage:
    """The threads on an index, a thread's page, or a page of search results; empty where it shows none.

    `thread_no` is the thread whose page it is, for posts that do not say so; `where` names it in errors.
    Raises ChallengeError where another page stands before it, MarkupError where it cannot be read.
    """
    if status in _CHALLENGES:
        raise ChallengeError(_challenge(where, f"status {status}"))
    root = parsed(html)
    _check_software(root, html, where)
    scan = _Scan(board)
    visit(root, scan.start, scan.text)
    for draft in scan.drafts:
        draft.finish()
    in_utc = bool(root.xpath("//*[@itemprop='text' or @itemtype][1]"))
    page = _page(scan.drafts, thread_no, in_utc=in_utc)
    _check(scan, page, where)
    return page


class _Scan:
    """Reads a page in document order."""

    def __init__(self, board: str) -> None:
        self.drafts: list[Draft] = []
        self.comments = 0
        self.stray = 0  # traces of posts that belong to none
        self._draft: Draft | None = None  # the post that elements belong to
        self._links = Links(board)

    def text(self, run: str) -> None:
        """Text that stands in no user's element."""
        if self._draft:
            self._draft.say(run)

    def start(self, element: Element) -> bool:
        """Take what an element says; whether to look inside."""
        if element.tag in _UNREAD:
            return False
        tokens = classes(element)
        self._begin(element, tokens)
        if element.tag == "blockquote":
            return self._comment(element)
        if self._draft is None:
            self._stray(element, tokens)
            return True
        return self._part(element, tokens, self._draft)

    def _begin(self, element: Element, tokens: frozenset[str]) -> None:
        """A new post, where one begins: an id of a post's form, or a cell that is a reply.

        A ruler, and the cell of the form for replies, end the last one.
        """
        found = None if element.tag in _TABLE else _POST_ID.fullmatch(element.get("id") or "")
        cell = element.tag == "td"
        if found or (cell and "reply" in tokens):
            ghost = "subreply" in tokens or bool(found and found[2])
            self._draft = Draft(int(found[1]) if found else None, ghost, row=cell)
            self.drafts.append(self._draft)
        elif element.tag == "hr" or "newthr" in tokens or (cell and "subreply" in tokens):
            self._draft = None

    def _stray(self, element: Element, tokens: frozenset[str]) -> None:
        href = (element.get("href") or "") if element.tag == "a" else ""
        self.stray += "posttime" in tokens or self._links.thread.fullmatch(href) is not None

    def _comment(self, element: Element) -> bool:
        self.comments += 1
        if self._draft and self._draft.comment is None:
            self._draft.comment = read_comment(element)
        return False

    def _part(self, element: Element, tokens: frozenset[str], draft: Draft) -> bool:
        if "posttime" in tokens:
            draft.stamp(element.get("title") or "")
        elif "filetitle" in tokens:
            draft.subject = draft.subject or " ".join(read_comment(element).text.split())
        elif not tokens & {"postername", "postertrip"}:
            return self._piece(element, tokens, draft)
        return False

    def _piece(self, element: Element, tokens: frozenset[str], draft: Draft) -> bool:
        if element.tag == "a":
            draft.link(element.get("href") or "", self._links)
        elif element.tag == "img":
            draft.icons.add((element.get("alt") or "").strip())
            draft.media(element.get("src") or "", self._links)
            draft.file_gone = draft.file_gone or "nothumb" in tokens
        elif element.tag in _FILE_LINE and (element.text or "").lstrip().startswith("File:"):
            draft.file_name = draft.file_name or read_comment(element).text
            return False
        return True


def _page(drafts: list[Draft], thread_no: int | None, *, in_utc: bool) -> ArchivePage:
    """Posts by thread, both in the order of the page; a post that stands there twice counts once."""
    threads: dict[int, dict[int, ArchivePost]] = {}
    omitted: dict[int, int] = {}
    opened: set[int] = set()
    unreadable = 0
    for draft in drafts:
        if draft.ghost:
            continue
        post = draft.post(thread_no)
        if post is None:
            unreadable += 1
            continue
        if post.no == post.thread_no and not draft.row:
            thread_no = post.no
            opened.add(post.no)
        threads.setdefault(post.thread_no, {}).setdefault(post.no, post)
        omitted[post.thread_no] = omitted.get(post.thread_no, 0) or draft.omitted
    return ArchivePage(
        threads=tuple(
            ArchiveThread(no, tuple(posts.values()), omitted[no], no in opened, in_utc)
            for no, posts in threads.items()
        ),
        ghosts=sum(draft.ghost for draft in drafts),
        unreadable=unreadable,
        rows=len(drafts),
    )


def _check_software(root: Element, html: bytes | str, where: str) -> None:
    """That this is a page of an archive of this software at all."""
    if root.xpath("//article[.//time[@datetime]]"):
        raise MarkupError(
            f"{where} is a page of FoolFuuka, another archive software than Warosu's. "
            "Set source.warosu.base_url to an archive that runs fuuka."
        )
    if any("content" in classes(division) for division in root.iter("div")):
        return
    title = " ".join(" ".join(root.xpath("//title//text()")).split())
    marked = b"cf-chl" in html if isinstance(html, bytes) else "cf-chl" in html
    if "just a moment" in title.lower() or marked:
        raise ChallengeError(_challenge(where, "a page that checks for robots"))
    raise MarkupError(_changed(where, f"it has no div.content; its title is '{title[:80]}'"))


def _check(scan: _Scan, page: ArchivePage, where: str) -> None:
    """That what was found can be all there is."""
    posts = len(scan.drafts)
    files = [draft for draft in scan.drafts if draft.has_file]
    missing = sum(not draft.paths for draft in files)
    if scan.stray and not posts:
        raise MarkupError(_changed(where, "it speaks of posts, and none begins"))
    if scan.comments != posts:
        raise MarkupError(_changed(where, f"{posts} posts begin and {scan.comments} comments stand there"))
    if page.unreadable * 2 > posts:
        raise MarkupError(
            _changed(where, f"{page.unreadable} of {posts} posts have no readable time, number or thread")
        )
    if missing >= _FEW_FILES and missing * 2 > len(files):
        raise MarkupError(_changed(where, f"{missing} of {len(files)} files have no address in the archive"))


def _changed(where: str, what: str) -> str:
    return (
        f"The markup of {where} has changed: {what}. Nothing of it was used, and it was kept. "
        "Stop collecting from there until bizmeme reads the new markup (sources/warosu/pages.py)."
    )


def _challenge(where: str, what: str) -> str:
    return f"{where} is hidden behind {what}. Wait some minutes, then run the same command again."
