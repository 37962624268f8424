"""The board's comment HTML."""

import pytest

from bizmeme.core.markup import plain, read_comment


@pytest.mark.parametrize(
    ("com", "text"),
    [
        ("", ""),
        ("sell<br>everything", "sell\neverything"),
        ('<span class="quote">&gt;he sold</span><br>lol', ">he sold\nlol"),
        (
            "https://coinmarketcap.com/currencie<wbr>s/chainlink/",
            "https://coinmarketcap.com/currencies/chainlink/",
        ),
        ("all the same &lt;3 &lt;3", "all the same <3 <3"),
        ("&amp;lt;b&amp;gt; is shown once escaped", "&lt;b&gt; is shown once escaped"),
        ("<s>rugged</s>", "rugged"),
        ('<pre class="prettyprint">a<br>b</pre>', "a\nb"),
        ("a &lt;br&gt; typed by hand", "a <br> typed by hand"),
        ("1 < 2 stays", "1 < 2 stays"),
        ("nul\0 gone", "nul gone"),
        ("e\u0301", "\u00e9"),
        ("it works<br><br><small><b>Oekaki Post</b> (Time: 4m)</small>", "it works"),
        ('moon<br><br><span class="fortune" style="color:#1">Your fortune: Good Luck</span>', "moon"),
        (
            'x<br><span class="abbr">[EXIF data available. Click <a href="javascript:">here</a>.]</span>'
            '<br><table class="exif" id="exif1"><tr><td>Canon</td></tr></table>',
            "x",
        ),
    ],
)
def test_a_comment_reads_as_a_person_sees_it(com: str, text: str) -> None:
    assert read_comment(com).text == text


def test_quotes_of_living_and_dead_posts_are_collected_and_kept_in_the_text() -> None:
    com = (
        '<a href="#p12" class="quotelink">&gt;&gt;12</a><br><span class="deadlink">&gt;&gt;7</span><br>'
        '<a href="/g/thread/3#p4" class="quotelink">&gt;&gt;&gt;/g/4</a><br>ngmi'
    )
    comment = read_comment(com)
    assert comment.quotes == (12, 7)
    assert comment.text == ">>12\n>>7\n>>>/g/4\nngmi"


def test_a_ban_notice_is_a_flag_and_no_text() -> None:
    com = 'pump it<br><br><b style="color:red;">(USER WAS BANNED FOR THIS POST)</b>'
    comment = read_comment(com)
    assert (comment.text, comment.banned) == ("pump it", True)
    assert not read_comment("(USER WAS BANNED FOR THIS POST)").banned  # typed by a user


def test_subjects_have_their_entities_resolved_once() -> None:
    assert plain("it&#039;s &quot;over&quot; &amp;amp; done ") == 'it\'s "over" &amp; done'
