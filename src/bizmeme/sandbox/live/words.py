"""What a post says, in the board's HTML, after whatever was done to it.

Two posts of the same number and marks are the same to the letter: marks say everything that may change.
"""

import hashlib
from dataclasses import dataclass

from bizmeme.sandbox.dice import digest, drawn, happens, pick, share, stream
from bizmeme.sandbox.live.happenings import BANNED, BOARD_NAME, DEAD_QUOTE, UNNAMED, Post
from bizmeme.sandbox.moods import NO_TEXT, TOPICS
from bizmeme.sandbox.words import wording
from bizmeme.sandbox.words.markup import Link, comment
from bizmeme.sandbox.words.wording import Saying

_NAMES = ("Bobo", "Mumu", "Comfy Holder", "Chart &amp; Co", "Not &quot;Satoshi&quot;", "LINK Marine")
_NAMELESS_SHARE = 1 / 591  # of posts, in a real catalog
_SUBJECT_SHARE = 0.37  # of opening posts on the real board
_ELSEWHERE = (
    '<a href="/biz/thread/59000001#p59000017" class="quotelink">&gt;&gt;59000017</a><br>',
    '<a href="//boards.4channel.org/g/thread/1#p2" class="quotelink">&gt;&gt;&gt;/g/2</a><br>',
    '<a href="/pol/" class="quotelink">&gt;&gt;&gt;/pol/</a><br>',
)
_ELSEWHERE_SHARE = 0.03
_ODD = ("\0", "\ud83d", "\u202eesrever", "Z\u0337\u0321\u0322\u0353", "\u2028next", "\ufdd0\uffff")
_NOTICES = (
    '<br><br><b style="color:red;">(USER WAS BANNED FOR THIS POST)</b>',
    '<br><br><strong style="color: red;">(USER WAS WARNED FOR THIS POST)</strong>',
)


@dataclass(frozen=True, slots=True)
class Words:
    """The posts' words under one seed."""

    seed: int
    odd_share: float

    def com(self, post: Post, marks: int) -> str:
        """The field `com`; empty for a post without words."""
        links = tuple(
            Link(no, None if marks & DEAD_QUOTE << place else post.thread_no)
            for place, no in enumerate(post.quotes)
        )
        before = self._elsewhere(post)
        notice = pick(_NOTICES, "notice", post.no) if marks & BANNED else ""
        return before + comment(self._text(post), links, thread_no=post.thread_no) + notice

    def _text(self, post: Post) -> str:
        if post.staff:
            return f"Welcome to /{BOARD_NAME}/. Read the rules & stay on topic."
        odd = share("odd", self.seed, post.no) < self.odd_share
        return self._said(post) + (pick(_ODD, "which", post.no) if odd else "")

    def _said(self, post: Post) -> str:
        dice = stream("live words", self.seed, post.no)
        topic = drawn(TOPICS, dice)
        while topic == NO_TEXT and post.upload is None:  # a post has words or a file
            topic = drawn(TOPICS, dice)
        return wording.compose(Saying(topic=topic, period=0, muddled=happens(dice, 0.05)), dice)

    def _elsewhere(self, post: Post) -> str:
        own = share("elsewhere", self.seed, post.no) < _ELSEWHERE_SHARE
        return pick(_ELSEWHERE, "where", post.no) if own else ""

    def sub(self, post: Post) -> str:
        """The subject, not yet escaped; empty for most."""
        if post.staff:
            return "Rules & FAQ"
        if not post.opens or share("subject", self.seed, post.no) >= _SUBJECT_SHARE:
            return ""
        return wording.subject(stream("live subject", self.seed, post.no), period=0)

    def signature(self, post: Post, marks: int) -> dict[str, object]:
        """The fields name, trip and capcode; a name that was taken away leaves the usual one."""
        if post.staff:
            return {"name": "Anonymous", "capcode": "mod"}
        if post.named and not marks & UNNAMED:
            trip = "!" + hashlib.sha256(str(("trip", self.seed, post.no)).encode()).hexdigest()[:10]
            nameless = share("name", self.seed, post.no) < 40 * _NAMELESS_SHARE  # a tripcode alone
            return {"trip": trip} if nameless else {"name": pick(_NAMES, "name", post.no), "trip": trip}
        return {"name": "Anonymous"}

    def poster_id(self, post: Post) -> str:
        """Eight characters, the same for one poster within one thread."""
        if post.staff:
            return "Mod"
        digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        number = digest("poster", self.seed, post.thread_no, post.poster)
        return "".join(digits[number >> 6 * place & 63] for place in range(8))
