"""A post's text in the board's own HTML, and its time on the board's own clock.

>be me            <span class="quote">&gt;be me</span>
>>60000123        <a href="#p60000123" class="quotelink">&gt;&gt;60000123</a>
"""

import datetime
import html
import re
from dataclasses import dataclass

_BREAK_AFTER = 35  # characters of one word, entities decoded; then the board sets <wbr>


@dataclass(frozen=True, slots=True)
class Link:
    """A reference to another post, as the board prints it above the text."""

    no: int
    thread_no: int | None  # None where the quoted post is gone


def comment(text: str, links: tuple[Link, ...], *, thread_no: int) -> str:
    """The field `com` of a post in thread `thread_no`."""
    lines = [_link(link, thread_no) for link in links]
    lines += [_line(line) for line in text.split("\n")] if text else []
    return "<br>".join(lines)


def escape(text: str) -> str:
    """The board's five entities."""
    return html.escape(text).replace("&#x27;", "&#039;")


def _line(line: str) -> str:
    words = re.sub(r"\S+", lambda word: _broken(word[0]), line)
    return f'<span class="quote">{words}</span>' if line.startswith(">") else words


def _broken(word: str) -> str:
    pieces = [word[at : at + _BREAK_AFTER] for at in range(0, len(word), _BREAK_AFTER)]
    return "<wbr>".join(escape(piece) for piece in pieces)


def _link(link: Link, thread_no: int) -> str:
    shown = f"&gt;&gt;{link.no}"
    if link.thread_no is None:
        return f'<span class="deadlink">{shown}</span>'
    page = "" if link.thread_no == thread_no else f"/biz/thread/{link.thread_no}"
    return f'<a href="{page}#p{link.no}" class="quotelink">{shown}</a>'


def new_york(posted_at: int) -> str:
    """The field `now`: MM/DD/YY(Day)HH:MM:SS in New York, from seconds since 1970."""
    local = wall_clock(posted_at)
    return local.strftime("%m/%d/%y(") + DAYS[local.weekday()] + local.strftime(")%H:%M:%S")


def wall_clock(posted_at: int) -> datetime.datetime:
    """What New York's clocks show, from seconds since 1970; without a zone.

    By the rule of the Energy Policy Act of 2005 (in force since 2007), not by the system's zone files,
    which slim containers lack: daylight saving from the second Sunday of March, 2:00, to the first of
    November, 2:00.
    """
    moment = datetime.datetime.fromtimestamp(posted_at, tz=datetime.UTC).replace(tzinfo=None)
    begins = _sunday(moment.year, 3, 8) + datetime.timedelta(hours=7)  # 2:00 EST
    ends = _sunday(moment.year, 11, 1) + datetime.timedelta(hours=6)  # 2:00 EDT
    return moment - datetime.timedelta(hours=4 if begins <= moment < ends else 5)


DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")  # %a would follow the locale


def _sunday(year: int, month: int, day: int) -> datetime.datetime:
    """The first Sunday on or after a date, at midnight."""
    first = datetime.datetime(year, month, day)
    return first + datetime.timedelta(days=(6 - first.weekday()) % 7)
