"""One page of the archive: what is read, what is refused, and with which error."""

import pytest

from bizmeme.core.settings import Plugin
from bizmeme.errors import MarkupError
from bizmeme.ports.sources import Page, RawPost
from bizmeme.shell.builder import build
from bizmeme.sources.warosu.posts import ArchivePage, ArchivePost
from tests.sources.warosu.by_hand import FORM, FUUKA, REPLY, WHOLE, body, comment, only, read
from tests.sources.warosu.making import SECTION


def test_a_page_written_by_hand_is_read_whole() -> None:
    page = read(WHOLE)
    assert (page.ghosts, page.unreadable, page.rows) == (1, 0, 3)
    (thread,) = page.threads
    assert (thread.no, thread.omitted, thread.opened, thread.sticky) == (61508089, 12, True, True)
    opening, reply = thread.posts
    assert opening.subject == "gm & gn"
    assert (
        opening.text == "it's over\n>he sold, too\nall the same <3 &amp; https://warosu.org/biz/thread/9#p9 x"
    )
    assert opening.file
    assert (opening.file.tim, opening.file.ext) == (1759276800123456, ".png")
    assert opening.file.md5 == "dp7FA0kmXFcVQdXaimDH5w=="
    assert opening.file.path == "/data/biz/img/0615/08/1759276800123456.png"
    assert opening.file.thumbnail_path == "/data/biz/thumb/0615/08/1759276800123456s.jpg"
    assert reply == ArchivePost(
        no=61508100, thread_no=61508089, title_ms=1759276900000, subject="", text=">>61508089\nngmi",
        banned=True, deleted=True, sticky=False, file=None, file_gone=False,
    )  # fmt: skip


def test_a_page_of_the_first_generation_written_by_hand_is_read_whole() -> None:
    page = read(body(FUUKA))
    assert (page.ghosts, page.unreadable, page.rows) == (0, 0, 2)
    (thread,) = page.threads
    assert (thread.no, thread.omitted, thread.opened, thread.in_utc) == (40312936, 0, True, True)
    opening, reply = thread.posts
    assert (opening.subject, opening.text) == ("No.5 File: gm", ">>>/g/12\nhi")
    assert opening.title_ms == 1433127482000
    assert opening.file
    assert (opening.file.tim, opening.file.ext) == (1433127482315, ".jpg")
    assert opening.file.path == "/data/biz/img/0403/12/1433127482315.jpg"
    assert (reply.no, reply.text, reply.deleted, reply.file) == (40313137, ">>7", True, None)


def test_the_adapter_gives_what_the_pipeline_reads() -> None:
    warosu = build("source", Plugin.model_validate(SECTION))
    opening, reply = warosu.read((), [Page("/biz/?task=page&page=1", 200, None, WHOLE.encode())])
    assert opening == RawPost(
        board="biz", no=61508089, thread_no=61508089, posted_at=1759276801, subject="gm & gn",
        text="it's over\n>he sold, too\nall the same <3 &amp; https://warosu.org/biz/thread/9#p9 x",
        replies=13, media_path="/data/biz/img/0615/08/1759276800123456.png",
        media_md5="dp7FA0kmXFcVQdXaimDH5w==",
        media_ext=".png", file_deleted=False, banned=False, deleted=False,
    )  # fmt: skip
    assert (reply.thread_no, reply.replies, reply.deleted, reply.banned) == (61508089, None, True, True)


def test_a_thread_whose_opening_post_is_missing_keeps_its_replies() -> None:
    (thread,) = read(body(REPLY, FORM)).threads
    assert (thread.no, thread.opened, len(thread.posts)) == (61508089, False, 1)
    bare = REPLY.replace("/biz/thread/61508089#p61508100", "#")
    (thread,) = read(body(bare), thread_no=61508089).threads
    assert thread.no == 61508089
    assert read(body(bare + REPLY)).unreadable == 1


def test_a_search_row_without_an_id_is_known_by_its_link_or_its_text() -> None:
    row = REPLY.replace(" id=p61508100", "")
    assert only(body(row)).no == 61508100
    assert only(body(row.replace("#p61508100", ""))).no == 61508100
    assert read(body(row.replace("No.61508100", "No.61508100,4").replace("#p61508100", ""))).ghosts == 1


@pytest.mark.parametrize(
    "address",
    [
        "https://i.4cdn.org/biz/1759276800123456.png",
        "https://i.warosu.org.example.com/data/biz/img/0615/08/1759276800123456.png",
        "https://example.com/?https://i.warosu.org/data/biz/img/0615/08/1759276800123456.png",
        "https://i.warosu.org/data/biz/img/../../etc/passwd",
        "https://i.warosu.org/data/g/img/0615/08/1759276800123456.png",
        "/data/biz/img/0615/08/99999999999999999999.png",
        "javascript:alert(1)",
        "//user@i.warosu.org/data/biz/img/0615/08/1.png",
        "",
    ],
)
def test_only_files_on_the_archives_own_hosts_count(address: str) -> None:
    post = read(WHOLE.replace("https://i.warosu.org/data/biz/img/0615/08/1759276800123456.png", address))
    file = post.threads[0].posts[0].file
    assert file
    assert (file.path, file.ext, file.tim) == (None, ".png", 1759276800123456)
    assert file.thumbnail_path == "/data/biz/thumb/0615/08/1759276800123456s.jpg"


@pytest.mark.parametrize("host", ["https://i.warosu.org", "http://warosu.org", "//i.warosu.org", ""])
def test_a_file_is_found_under_any_name_of_the_archives_hosts(host: str) -> None:
    post = read(WHOLE.replace("https://i.warosu.org/data/biz/img/0615", f"{host}/data/biz/img/0615"))
    assert post.threads[0].posts[0].file.path == "/data/biz/img/0615/08/1759276800123456.png"  # type: ignore[union-attr]


def code(email: str, key: int) -> str:
    """An address as Cloudflare hides it."""
    return bytes([key, *(each ^ key for each in email.encode())]).hex()


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        ("", ""),
        ("<p></p>", ""),
        ("a<br>b", "a\nb"),
        ("a<br>\n  b", "a\nb"),
        ("a\nb", "a b"),
        ("<p>a</p><p>b</p>", "a\nb"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ("e\u0301", "\u00e9"),
        ("nul\0 gone", "nul gone"),
        ("nul&#0; is a mark, as in the board's own text", "nul\ufffd is a mark, as in the board's own text"),
        ("half\ud83d a pair", "half a pair"),
        ("<span class='spoiler'>rug</span>ged <sup>2</sup>", "rugged 2"),
        ("<script>alert(1)</script>hi<!-- no -->", "hi"),
        ("<b style='color:red'>(USER WAS WARNED FOR THIS POST)</b>hi", "hi"),
        ("<b>(USER WAS BANNED FOR THIS POST)</b>", "(USER WAS BANNED FOR THIS POST)"),
        ("hi<br><br><span class='fortune' style=x>Your fortune: Good Luck</span>", "hi"),
        ("hi<br><small><b>Oekaki Post</b> (Time: 4m)</small>", "hi"),
        ("hi<br><span class=abbr>[EXIF data]</span><br><table class=exif><tr><td>x</table>", "hi"),
        (f"<span class=__cf_email__ data-cfemail={code('a@b.c', 9)}>[x]</span>", "a@b.c"),
        (f"<a href=/cdn-cgi/l/email-protection#{code('a@b', 77)}>[x]</a>", "a@b"),
        ("<a class=__cf_email__ data-cfemail=zz>[email&#160;protected]</a>", "[email\u00a0protected]"),
        ("<a class=__cf_email__ data-cfemail=>[e]</a>", "[e]"),
        ("<a class=__cf_email__ data-cfemail=00ff>[e]</a>", "[e]"),
    ],
)  # fmt: skip
def test_a_comment_reads_as_the_boards_own_json_does(inside: str, text: str) -> None:
    assert comment(inside).text == text


def test_a_page_of_bytes_that_are_no_utf8_is_read() -> None:
    assert only(body(REPLY.replace("ngmi", "xx")).encode().replace(b"xx", b"\xff\xfe")).text.endswith(
        "\ufffd\ufffd"
    )


def test_tags_nest_as_deep_as_a_poster_can_type_them() -> None:
    assert comment("<b>" * 700 + "deep" + "</b>" * 700).text == "deep"


def test_a_bottomless_page_is_refused_and_never_half_read() -> None:
    for depth in (1_500, 100_000):
        with pytest.raises(MarkupError, match="deep: nothing was read"):
            comment("<b>" * depth + "deep")


# --- nothing there ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "inside",
    ["<p>No posts found</p>", "<div class='error'>Post not found</div>", "", "<br class=newthr><hr>"],
)
def test_a_page_without_posts_is_empty_and_no_error(inside: str) -> None:
    assert read(body(inside)) == ArchivePage((), 0, 0, 0)
