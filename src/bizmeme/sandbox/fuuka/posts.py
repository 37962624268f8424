"""One post of the archive as elements, in every generation's way."""

from calendar import timegm
from datetime import UTC, datetime

from bizmeme.sandbox.fuuka.comments import Here, comment, words
from bizmeme.sandbox.fuuka.dialects import Dialect
from bizmeme.sandbox.fuuka.entries import Entry, File
from bizmeme.sandbox.fuuka.tree import Raw, Tag, tag
from bizmeme.sandbox.words.markup import DAYS, wall_clock

Nodes = list[Tag | Raw | str]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_KIB, _MIB = 1_024, 1_048_576


def opening(entry: Entry, dialect: Dialect, here: Here, *, omitted: int) -> Tag:
    """A thread's first post; fuuka shows its file before its header."""
    file, header = _file(entry, dialect, here), _header(entry, dialect, here)
    header += [" [", tag("a", "Reply", href=_thread(entry, here)), "]"]
    header += [" [", tag("a", "Original", href=f"https://boards.4chan.org{_thread(entry, here)}"), "]"]
    body = comment(entry.text, here, banned=entry.banned)
    more = tag("span", f"{omitted} replies omitted. Click Reply to view.", class_="omittedposts")
    attributes = {"class_": dialect.opening_class} if dialect.opening_class else {}
    attributes |= {"id": f"p{entry.no}"}
    if dialect.fuuka:
        attributes |= {"itemscope": "itemscope", "itemtype": "http://schema.org/DiscussionForumPosting"}
    return tag("div", *file, *header, body, more if omitted else None, **attributes)


def reply(entry: Entry, dialect: Dialect, here: Here) -> Tag:
    """Any other post: a table's cell, header first."""
    ghost = f"_{entry.ghost}" if entry.ghost else ""
    id_ = {"id": f"p{entry.no}{ghost}"}
    return _cell(entry, dialect, here, id_, view=False)


def row(entry: Entry, dialect: Dialect, here: Here) -> Tag:
    """A search's row: also a thread's first post is a cell there."""
    id_ = {"id": f"p{entry.no}"} if dialect.search_ids else {}
    return _cell(entry, dialect, here, id_, view=True)


def _cell(entry: Entry, dialect: Dialect, here: Here, id_: dict[str, str], *, view: bool) -> Tag:
    header = _header(entry, dialect, here)
    if view:
        header += [" [", tag("a", "View", href=f"{_thread(entry, here)}#p{entry.no}"), "]"]
    body = comment(entry.text, here, banned=entry.banned)
    class_ = f"subreply {dialect.reply_class}" if entry.ghost else dialect.reply_class
    dashes: Raw | str = ">>" if dialect.manner.quoted else Raw(">>")
    cells = (
        tag("td", dashes, class_="doubledash"),
        tag("td", *header, tag("br"), *_file(entry, dialect, here), body, class_=class_, **id_),
    )
    return tag("table", tag("tr", *cells))


def _header(entry: Entry, dialect: Dialect, here: Here) -> Nodes:
    shown = f"{entry.no},{entry.ghost}" if entry.ghost else f"{entry.no}"
    label: Nodes = [tag("input", type="checkbox", name="delete", value=f"{entry.no},{entry.ghost}")]
    if entry.subject:
        label += [tag("span", *words(entry.subject, here), class_="filetitle"), Raw("&nbsp;")]
    label += [_name(entry, dialect, here), " ", _time(entry, dialect)]
    anchor = f"{_thread(entry, here)}#p{shown.replace(',', '_')}"
    link = tag("a", f"No.{shown}", class_="js", href=_thread(entry, here) if entry.opens else anchor)
    split = tag("a", "No.", class_="js", href=_thread(entry, here) if entry.opens else anchor)
    number: Nodes = [split, tag("a", shown, class_="js", href=f"javascript:insert('>>{entry.no}')")]
    return [tag("label", *label), *_icons(entry), " ", *(number if dialect.fuuka else [link])]


def _name(entry: Entry, dialect: Dialect, here: Here) -> Tag:
    name: Tag | str = tag("span", "Anonymous", itemprop="name") if dialect.fuuka else "Anonymous"
    if entry.email:
        code = bytes([here.key, *(each ^ here.key for each in entry.email.encode())]).hex()
        name = tag("a", name, href=f"/cdn-cgi/l/email-protection#{code}")
    return tag("span", name, class_=dialect.name_class)


def _time(entry: Entry, dialect: Dialect) -> Tag:
    """The stamp in milliseconds; fuuka turns it into UTC on its way out, its successor does not."""
    wall = wall_clock(entry.posted_at)
    if dialect.fuuka:
        year = wall.strftime("%d %H:%M:%S %Y")
        shown = f"{DAYS[wall.weekday()]} {_MONTHS[wall.month - 1]} {year}"
        return tag("span", shown, class_="posttime", title=f"{entry.posted_at}000")
    stamp_s = stored(entry)
    told = datetime.fromtimestamp(stamp_s, UTC)
    shown = f"{DAYS[told.weekday()]}, {_MONTHS[told.month - 1]} {told.day}, {told.strftime('%Y %H:%M:%S')}"
    return tag("span", shown, class_="posttime", title=f"{stamp_s}000")


def stored(entry: Entry) -> int:
    """The stamp as the archive's database holds it."""
    return timegm(wall_clock(entry.posted_at).timetuple()) if entry.unconverted else entry.posted_at


def _icons(entry: Entry) -> Nodes:
    icons = {"INTERNAL": entry.ghost > 0, "DELETED": entry.deleted, "STICKY": entry.sticky}
    return [
        tag("img", class_="inline", alt=f"[{icon}]", src=f"/media/{icon.lower()}.png")
        for icon, shown in icons.items()
        if shown
    ]


def _thread(entry: Entry, here: Here) -> str:
    return f"/{here.board}/thread/{entry.thread_no}"


def _file(entry: Entry, dialect: Dialect, here: Here) -> Nodes:
    if entry.file is None:
        gone = tag("img", src="/media/error.png", class_="nothumb")
        return [gone] if entry.file_gone else []
    file = entry.file
    size = _size(file.size)
    info = f"File: {size}, {file.width_px}x{file.height_px}, {file.name}"
    class_ = {"class_": dialect.file_class} if dialect.file_class else {}
    image = file.md5.rstrip("=").translate(str.maketrans("+/", "-_"))
    same = tag("a", "View same", href=f"/{here.board}/image/{image}")
    return [tag("span", *words(info, here), **class_), " [", same, "] [iqdb]", tag("br"),
            *_picture(entry, file, dialect, here)]  # fmt: skip


def _picture(entry: Entry, file: File, dialect: Dialect, here: Here) -> Nodes:
    folder = f"{entry.thread_no // 100_000:04d}/{entry.thread_no // 1_000 % 100:02d}"
    full = f"/data/{here.board}/img/{folder}/{file.tim}{file.ext}"
    thumbnail = f"{dialect.media}/data/{here.board}/thumb/{folder}/{file.tim}s.jpg"
    width, height = (str(side) for side in file.thumbnail_px)
    image = tag("img", class_="thumb", src=thumbnail, alt=str(entry.no), width=width, height=height)
    foreign = f"https://i.4cdn.org/{here.board}/{file.tim}{file.ext}"
    links = {"here": dialect.media + full, "elsewhere": foreign, "redirect": f"/image_redirect/{file.tim}"}
    if file.kept == "nowhere":
        return [image]
    return [tag("a", image, rel="noreferrer", href=links[file.kept])]


def _size(size: int) -> str:
    if size < _KIB:
        return f"{size} B"
    return f"{size // _KIB} KB" if size < _MIB else f"{size / _MIB:.2f} MB"
