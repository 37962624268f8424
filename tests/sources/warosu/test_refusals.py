"""What is refused, and with which error: changed pages, other software, challenges, a wrong section."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from bizmeme.core.settings import Plugin
from bizmeme.errors import BizmemeError, ChallengeError, ConfigError, MarkupError
from bizmeme.shell.builder import build, plugin_config
from bizmeme.sources.warosu import Config
from bizmeme.sources.warosu.pages import read_page
from tests.sources.warosu.by_hand import OPENING, REPLY, WHOLE, body, comment, read
from tests.sources.warosu.making import SECTION, made, usual

# --- refused ------------------------------------------------------------------------------------------

CHANGES = {
    "content": (r"class=\"?content\"?", "class=inhalt"),
    "comments": (r"<(/?)blockquote", r"<\1article"),
    "one comment": (r"<blockquote>", "<p>"),
    "stamps": (r"class=\"?posttime\"?", "class=when"),
    "stamps of another kind": (r"title=\"?\d{13}\"?", "title=yesterday"),
    "ids and classes of posts": (r"(id=\"?p\d+|class=\"(comment )?reply)", "data-x=\"y\" data-y=\""),
    "opening posts": (r"(<div[^>]* id=\"?)p(\d+)", r"\1x\2"),
    "addresses of files": (r"/data/biz/", "/files/biz/"),
    "links of files": (r"(?:https:)?//i\.warosu\.org/", "https://cdn.example.org/"),
}  # fmt: skip


@pytest.mark.parametrize("generation", ["A", "B2", "C", "B3"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_page_that_has_changed_is_refused(change: str, generation: str) -> None:
    page = usual(made(), generation)
    read(page)
    was, now = CHANGES[change]
    count = 1 if change == "one comment" else 0
    changed = re.sub(was, now, page, count=count)
    assert changed != page
    with pytest.raises(MarkupError, match=r"The markup of /biz/x has changed: .* Stop collecting"):
        read_page(changed, board="biz", where="/biz/x")


@pytest.mark.parametrize("trace", ["<a href=/biz/thread/5#p6>x</a>", "<i class=posttime title=1>x</i>"])
def test_a_page_that_speaks_of_posts_and_shows_none_is_not_empty(trace: str) -> None:
    with pytest.raises(MarkupError, match="it speaks of posts, and none begins"):
        read(body(trace))


def test_a_foolfuuka_page_is_refused_by_its_name() -> None:
    page = """<html><head><title>/biz/ - Business » Thread #1</title></head><body>
        <div class="container-fluid"><div id="main" role="main"><article class="clearfix thread" id="1">
        <header><time datetime="2025-10-01T00:00:01+00:00">x</time></header><div class="text">gm</div>
        <aside class="posts"><article class="post doc_id_2"><time datetime="x"></time></article></aside>
        </article></div></div></body></html>"""
    with pytest.raises(MarkupError, match=r"FoolFuuka.*source\.warosu\.base_url"):
        read(page)


@pytest.mark.parametrize(
    ("html", "status"),
    [
        ("<html><head><title>Just a moment...</title></head><body>checking</body></html>", 200),
        ("<html><head><title>warosu.org</title></head><body><div id=cf-chl-widget></div></body></html>", 200),
        (b"<html><script>window._cf_chl_opt={};var a='cf-chl'</script></html>", 200),
        (WHOLE, 403),
        ("", 503),
        ("<html>Web server is down</html>", 521),
    ],
)
def test_a_challenge_is_another_error_than_a_change(html: bytes | str, status: int) -> None:
    with pytest.raises(ChallengeError, match="Wait some minutes"):
        read(html, status=status)


def test_what_posters_type_is_no_challenge() -> None:
    assert comment("Just a moment... cf-chl").text == "Just a moment... cf-chl"


@pytest.mark.parametrize("html", ["", "gm", "<html>", b"\x00\xff", "<html><body><h1>502 Bad Gateway</h1>"])
def test_a_page_of_something_else_is_a_clear_error(html: bytes | str) -> None:
    with pytest.raises(MarkupError, match=r"no div\.content"):
        read(html)


def test_a_few_missing_files_are_no_change() -> None:
    read(body(OPENING.replace("i.warosu.org", "example.org"), REPLY))


@pytest.mark.parametrize("title", ["-5", "1e9", "99999999999999999999", "", "１２３"])
def test_one_post_without_a_usable_stamp_is_counted_and_left_out(title: str) -> None:
    page = read(body(OPENING, REPLY.replace("1759276900000", title)))
    assert (page.unreadable, [post.no for post in page.threads[0].posts]) == (1, [61508089])


# --- the section --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"from": "2025-12-02", "to": "2025-12-01"}, r"source\.to = '2025-12-01'.*before `from`, 2025-12-02"),
        ({"from": "yesterday"}, r"source\.from = 'yesterday'"),
        ({"to": "9999-12-31"}, r"source\.to"),
        ({"search": "  "}, r"source\.search"),
        ({"mode": "forward"}, r"source\.mode = 'forward'.*'plain', 'continue' or 'backfill'"),
        ({"max_posts": 0}, r"source\.max_posts"),
        ({"pages": -1}, r"source\.pages"),
        ({"board": "../x"}, r"source\.board"),
        ({"since": 1}, r"source\.since: there is no such key"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_section_is_named(change: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        build("source", Plugin.model_validate(SECTION | change))
    assert isinstance(caught.value, BizmemeError)


def test_one_day_may_be_both_ends() -> None:
    build("source", Plugin.model_validate(SECTION | {"from": "2025-12-01", "to": "2025-12-01"}))


def test_the_archives_yaml_is_a_whole_section() -> None:
    values: Any = OmegaConf.to_container(
        OmegaConf.load(Path(__file__).parents[3] / "conf/source/warosu.yaml")
    )
    days = {"from": "2025-10-13", "to": "2025-10-14", "search": "gm|gn"}
    config = plugin_config("source", Plugin.model_validate(values["warosu"] | days))
    assert isinstance(config, Config)
    assert (config.from_day, config.to_day, config.search) == (
        date(2025, 10, 13),
        date(2025, 10, 14),
        "gm|gn",
    )
