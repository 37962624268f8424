"""Pages of the archive, written by hand after what is known of the real ones; and a few ways to read them."""

import re

from bizmeme.sources.warosu.pages import read_page
from bizmeme.sources.warosu.posts import ArchivePage, ArchivePost

# Two posts as generation B3 writes them, by hand: the opening post, a ghost, a reply, the form to reply.
OPENING = """<div class=comment id=p61508089>
<span class="fileinfo break-all"> File: 55 KB, 450x675, it&#39;s, over.PNG</span>
 [<a href=/biz/image/dp7FA0kmXFcVQdXaimDH5w>View same</a>] [iqdb]<br>
<a href=https://i.warosu.org/data/biz/img/0615/08/1759276800123456.png>
<img class=thumb src=https://i.warosu.org/data/biz/thumb/0615/08/1759276800123456s.jpg width=166></a>
<label><input type=checkbox name=delete value=61508089,0>
<span class=filetitle>gm &amp; gn</span> <span class=postername>Anonymous</span>
<span class=posttime title=1759276801000>Wed, Oct 1, 2025 00:00:01</span></label>
<img class=inline alt=[STICKY] src=/media/sticky.png>
<a class=js href=/biz/thread/61508089>No.61508089</a> [<a href=/biz/thread/61508089>Reply</a>]
[<a href=https://boards.4chan.org/biz/thread/61508089>Original</a>]
<blockquote><p>it&#39;s o<wbr>ver<br><span class=unkfunc>&gt;he sold&#44; too</span><br />
all the same &lt;3 &amp;amp; https://warosu.org/biz/thread/9#p9
<a href=https://i.warosu.org/data/biz/img/0000/09/9999999999999.jpg>x</a>
</p></blockquote>
<span class=omittedposts>12 replies omitted. Click Reply to view.</span></div>"""
GHOST = """<table><tr><td class=doubledash>>></td><td class="subreply comment reply" id=p61508089_1>
<span class=posttime title=1759276802000></span><blockquote><p>buy</p></blockquote></td></tr></table>"""
REPLY = """<table><tr><td class=doubledash>>></td><td class="comment reply" id=p61508100>
<label><span class=postername>Anonymous</span> <span class=posttime title=1759276900000>x</span></label>
<img class=inline alt=[DELETED] src=/media/deleted.png>
<a class=js href=/biz/thread/61508089#p61508100>No.61508100</a>
<blockquote><p><a href=#p61508089 class=backlink>&gt;&gt;61508089</a><br>ngmi
<span class=banned>(USER WAS BANNED FOR THIS POST)</span></p></blockquote></td></tr></table>"""
FORM = "<table><tr><td class=doubledash>>></td><td class=subreply>File: <input></td></tr></table><hr>"


# And as fuuka itself, generation A, wrote them: file first, microdata, names, trips, links to elsewhere.
FUUKA = """<div id="p40312936" itemscope itemtype="http://schema.org/DiscussionForumPosting">
<span>File: 198 KB, 900x1350, rat folk&#44; 2.jpg</span>
[<a href="/biz/image/dp7FA0kmXFcVQdXaimDH5w">View same</a>] [<a href="http://iqdb.org/?url=x">iqdb</a>]
[<a href="/misc/report/">report</a>]<br />
<a href="//i.warosu.org/data/biz/img/0403/12/1433127482315.jpg"><img class="thumb" alt="40312936"
src="//i.warosu.org/data/biz/thumb/0403/12/1433127482315s.jpg" itemprop="image" width="166" /></a>
<label><input type="checkbox" name="delete" value="40312936,0" />
<span class="filetitle" itemprop="name">No.5 File: gm</span>&nbsp;
<span class="postername" itemprop="author"><span itemprop="name">7 replies omitted</span></span>
<span class="postertrip">&nbsp;!trip</span>
<span class="posttime" title="1433127482000">Sun May 31 22:58:02 2015</span></label>
<a class="js" href="/biz/thread/40312936">No.</a><a class="js" href="javascript:insert('x')">40312936</a>
[<a href="/biz/thread/40312936">Reply</a>] [<a href="https://boards.4chan.org/biz/thread/1">Original</a>]
[<a href='http://archive.example.org/biz/thread/2'>other</a>]
<blockquote><p itemprop="text"><span class="unkfunc">&gt;&gt;&gt;/g/12</span><br />hi</p></blockquote></div>
<table itemscope itemtype="http://schema.org/Comment"><tr><td class="doubledash">&gt;&gt;</td>
<td class="reply" id="p40313137"><label><input type="checkbox" name="delete" value="40313137,0" />
<span class="postername"><span itemprop="name">A</span></span>
<span class="posttime" title="1433127999000">Sun</span></label> <img class="inline" alt="[DELETED]" />
<a class="js" href="/biz/thread/40312936#p40313137">No.</a><a class="js" href="javascript:x">40313137</a>
<blockquote><p itemprop="text"><a href="/biz/post/S7">&gt;&gt;7</a></p></blockquote></td></tr></table>
<table><tbody><tr><td class="doubledash">&gt;&gt;</td><td class="subreply">File: </td></tr></tbody></table>
<br class="newthr" /><hr />"""


def body(*parts: str) -> str:
    return f"<html><body><form id=postform><div class=content>{''.join(parts)}</div></form></body></html>"


WHOLE = body(OPENING, GHOST, REPLY, FORM)


def read(html: bytes | str, *, thread_no: int | None = None, status: int = 200) -> ArchivePage:
    return read_page(html, board="biz", thread_no=thread_no, status=status)


def only(html: bytes | str) -> ArchivePost:
    ((post,),) = [thread.posts for thread in read(html).threads]
    return post


def comment(inside: str) -> ArchivePost:
    """The reply with other words."""
    return only(
        body(re.sub("(?s)<blockquote>.*</blockquote>", lambda _: f"<blockquote>{inside}</blockquote>", REPLY))
    )
