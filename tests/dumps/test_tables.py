"""Parquet and CSV tables: every row a post or a reason."""

import csv
import html
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from bizmeme.errors import DataError
from bizmeme.ports.imports import ImportedLabel, ImportedPost
from tests.dumps.dumping import NOON, composed, csv_file, opened, openings, read, store

HEAD = "no,thread_no,posted_at,sub,com,replies,image_url,md5,source,mood"
FULL = '7,7,2025-10-08 12:00,it&#039;s over,"sell<br>now",3,https://i.4cdn.org/biz/1759924800123456.png,' \
    "9q0a9DEJBTtwsfyKZmzJpA==,live,sad"  # fmt: skip


def test_a_row_is_read_whole_and_unknown_columns_are_kept(tmp_path: Path) -> None:
    (post,) = read(csv_file(tmp_path / "x", HEAD, FULL)).posts
    assert post == ImportedPost(
        board="biz", no=7, thread_no=7, posted_at=NOON, subject="it's over", text="sell\nnow", replies=3,
        source="live", banned=False, file_deleted=False, tim=1759924800123456,
        media_md5="9q0a9DEJBTtwsfyKZmzJpA==", media_ext=".png", media_path="/biz/1759924800123456.png",
        picture="https://i.4cdn.org/biz/1759924800123456.png", extra={"mood": "sad"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("x,,2025-10-08,,a", "the number is no post's"),
        ("0,,2025-10-08,,a", "the number is no post's"),
        (f"{2**60},,2025-10-08,,a", "the number is no post's"),
        ("7,9,2025-10-08,,a", "the thread's number is no thread's, or greater than the post's"),
        ("7,x,2025-10-08,,a", "the thread's number is no thread's, or greater than the post's"),
        ("7,,,,a", "the date is none between 2001 and 2100, or not written as ISO 8601"),
        ("7,,08/10/2025,,a", "the date is none between 2001 and 2100, or not written as ISO 8601"),
        ("7,,2025-10-08,-3,a", "the number of replies is none"),
        (f"7,,2025-10-08,,{'a' * 20_001}", "its text is longer than 20,000 characters"),
        ("7,,2025-10-08,a", "the row has more or fewer cells than the first line"),
        ("7,,2025-10-08,,a,b", "the row has more or fewer cells than the first line"),
    ],
)
def test_a_row_that_cannot_be_taken_says_why_and_its_neighbours_are_taken(
    tmp_path: Path, row: str, reason: str
) -> None:
    lines = ("no,thread,time,replies,text", "5,,2025-10-08,,a", row, "9,5,2025-10-08,,b")
    result = read(csv_file(tmp_path / "x.csv", *lines))
    assert [post.no for post in result.posts] == [5, 9]
    assert result.reasons == [("row 2", reason)]


def test_columns_that_are_too_much_and_boards_that_are_none_are_refused(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path / "x", "no,time,text,rest,board", f"7,{NOON},a,{'x' * 20_001},biz", f"8,{NOON},a,,../x"
    )
    assert [reason for _, reason in read(path).reasons] == [
        "its other columns hold more than 20,000 characters",
        "the board is no board's short name",
    ]


def test_a_board_named_in_the_row_wins_over_the_one_of_the_command(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "x", "no,time,text,board", f"7,{NOON},a,/g/", f"8,{NOON},a,")
    assert [post.board for post in read(path, board="biz").posts] == ["g", "biz"]


def test_a_dump_says_which_column_it_takes_for_what(tmp_path: Path) -> None:
    dump = opened(csv_file(tmp_path / "x", "no,created_at,date,body,label,annotator", f"7,{NOON},,a,,"))
    assert dump.columns == {
        "number": "no",
        "time": "created_at",
        "text": "body",
        "labels.label": "label",
        "labels.annotator": "annotator",
    }


def test_html_counts_before_plain_text_and_plain_text_where_html_is_empty(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path / "x", "no,time,com,text", f"7,{NOON},a<wbr>b&lt;3,plain", f"8,{NOON},,plain &amp; <b>"
    )
    assert [post.text for post in read(path).posts] == ["ab<3", "plain & <b>"]


def test_a_ban_notice_is_a_flag_and_no_text(tmp_path: Path) -> None:
    com = '"x<br><b style=""color:red;"">(USER WAS BANNED FOR THIS POST)</b>"'
    (post,) = read(csv_file(tmp_path / "x", "no,time,com", f"7,{NOON},{com}")).posts
    assert (post.text, post.banned) == ("x", True)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_and_quotes_may_hold_it_and_lines(tmp_path: Path, delimiter: str) -> None:
    with (tmp_path / "x").open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerows([["no", "time", "text"], ["7", NOON, f'a{delimiter} "b"\nc'], [], ["8", NOON, "d"]])
    result = read(tmp_path / "x")
    assert [post.text for post in result.posts] == [f'a{delimiter} "b"\nc', "d"]
    assert result.refused == []


def test_rows_that_are_not_utf8_are_refused_one_by_one_and_nul_is_dropped(tmp_path: Path) -> None:
    rows = b"no,time,text\n7,1759924800,caf\xe9\n8,1759924800,a\0b\n"
    (tmp_path / "x").write_bytes(rows.replace(b"\0", b""))
    (tmp_path / "y").write_bytes(b"no,time,text\n" + b"9,1759924800,fill\n" * 5_000 + b"8,1759924800,a\0b\n")
    assert read(tmp_path / "x").reasons == [("row 1", "the row is not UTF-8")]
    assert read(tmp_path / "y").posts[-1].text == "ab"


def test_a_missing_column_is_one_clear_error_before_any_row(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"x: no column holds the time .*The columns are no, tiem, text"
    ) as caught:
        opened(csv_file(tmp_path / "x", "no,tiem,text", "7,1,a"))
    assert "perhaps 'tiem' does" in str(caught.value)
    with pytest.raises(DataError, match=r"no column holds the text"):
        opened(csv_file(tmp_path / "x", "no,time", "7,1"))
    pl.DataFrame({"no": [7], "text": ["a"]}).write_parquet(tmp_path / "p")
    with pytest.raises(DataError, match=r"p: no column holds the time .*The columns are no, text\."):
        opened(tmp_path / "p")


def test_a_column_named_by_the_persons_mapping_must_be_there(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "x", "no,time,text,titel", f"7,{NOON},a,hello")
    assert read(path, {"columns": {"subject": "titel"}}).posts[0].subject == "hello"
    with pytest.raises(
        DataError, match=r"no column holds the subject \(looked for titl\), perhaps 'titel' does"
    ):
        opened(path, {"columns": {"subject": "titl"}})


def test_a_labels_column_named_by_the_persons_mapping_must_be_there_too(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "x", "no,time,text,mood", f"7,{NOON},a,bullish")
    assert read(path, {"labels": {"label": "mood"}}).labels[0].label == "bullish"
    with pytest.raises(
        DataError, match=r"no column holds the label \(looked for moood\), perhaps 'mood' does"
    ):
        opened(path, {"labels": {"label": "moood"}})


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="two columns are called text"):
        opened(csv_file(tmp_path / "x", "no,time,text,text", "7,1,a,b"))


def test_labels_beside_posts_count_where_it_says_who_labelled_or_the_mapping_names_them(
    tmp_path: Path,
) -> None:
    path = csv_file(
        tmp_path / "x", "no,time,text,label", f"7,{NOON},a,bullish", f"8,{NOON},a,", f"9,{NOON},a,x"
    )
    assert read(path).labels == []
    assert read(path).posts[0].extra == {"label": "bullish"}
    result = read(path, {"labels": {"label": "label"}})
    assert result.labels == [ImportedLabel("biz", 7, "import", "bullish", "", None)]
    assert [post.no for post in result.posts] == [7, 8, 9]
    assert result.reasons == [("row 3", "the label is none of bearish, neutral, bullish")]
    path = csv_file(tmp_path / "y", "no,time,text,label,labeler", f"7,{NOON},a,Bullish,ann")
    assert read(path, annotator_prefix="old-").labels[0].annotator == "old-ann"


def test_the_boards_own_file_name_and_extension_make_a_picture(tmp_path: Path) -> None:
    (post,) = read(csv_file(tmp_path / "x", "no,time,text,tim,ext", f"7,{NOON},a,1759924800123456,PNG")).posts
    assert (post.picture, post.media_ext, post.tim) == ("1759924800123456.png", ".png", 1759924800123456)


def test_an_address_of_another_host_is_no_media_path(tmp_path: Path) -> None:
    rows = [
        f"7,{NOON},a,https://evil.example/biz/1759924800123456.jpg",
        f"8,{NOON},a,https://i.4cdn.org/../etc/1.jpg",
        f"9,{NOON},a,https://i.4cdn.org@evil.example/biz/1.jpg",
        f"10,{NOON},a,http://[broken/biz/1.jpg",
    ]
    posts = read(csv_file(tmp_path / "x", "no,time,text,image", *rows)).posts
    assert [post.media_path for post in posts] == [None] * 4


def test_parquet_of_every_type_gives_the_same_posts_as_csv(tmp_path: Path) -> None:
    table = pl.DataFrame({
        "no": [7, 8], "time": [datetime(2025, 10, 8, 12), datetime(2025, 10, 8, 13)], "text": ["a", "b"],
        "replies": [1.0, None], "kind": ["x", "y"], "score": [0.5, None],
    })  # fmt: skip
    odd = table.with_columns(
        pl.col("no").cast(pl.String),
        pl.col("time").dt.replace_time_zone("UTC").dt.cast_time_unit("ns"),
        pl.col("kind").cast(pl.Categorical),
    )
    table.write_parquet(tmp_path / "p")
    odd.write_parquet(tmp_path / "odd")
    table.write_csv(tmp_path / "c.csv")
    plain = read(tmp_path / "p").posts
    assert read(tmp_path / "odd").posts == plain
    assert plain[0].extra == {"kind": "x", "score": 0.5}
    assert [post.posted_at for post in read(tmp_path / "c.csv").posts] == [NOON, NOON + 3600]


def test_a_name_that_looks_like_a_pattern_is_only_a_name(tmp_path: Path) -> None:
    table = pl.DataFrame({"no": [7], "time": [NOON], "text": ["a"]})
    table.write_parquet(tmp_path / "posts1")
    table.with_columns(no=pl.lit(8)).write_parquet(tmp_path / "posts[1]*?#%41")
    assert [post.no for post in read(tmp_path / "posts[1]*?#%41").posts] == [8]


def test_columns_of_bytes_and_lists_are_left_out_and_said_to_be(tmp_path: Path) -> None:
    table = pl.DataFrame({"no": [7], "time": [NOON], "text": ["a"], "image": [b"\xff\xd8"], "tags": [["x"]]})
    table.write_parquet(tmp_path / "p")
    result = read(tmp_path / "p")
    assert result.posts[0].picture is None
    assert [(row.reason, row.value) for row in result.refused] == [
        ("columns of bytes, lists and structures are left out", "image, tags")
    ]


def test_large_tables_come_in_batches_of_the_configured_size_and_in_order(tmp_path: Path) -> None:
    rows = 5_500
    table = pl.DataFrame({"no": range(1, rows + 1), "time": [NOON] * rows, "text": ["a"] * rows})
    table.write_parquet(tmp_path / "p", row_group_size=700)
    table.write_csv(tmp_path / "c")
    for name in ("p", "c"):
        result = read(tmp_path / name)
        assert [len(batch.posts) for batch in result.batches] == [2000, 2000, 1500]
        assert [post.no for post in result.posts] == list(range(1, rows + 1))
        assert result.batches[-1].share == 1.0


@pytest.mark.parametrize("seed", range(20))
def test_any_text_survives_a_round_trip_through_either_kind_of_table(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    alphabet = "ab ,;|\t\"'\n\r&<>é€😀\u200d\u202e=+@"
    texts = ["".join(chance.choices(alphabet, k=chance.randrange(80))) for _ in range(50)]
    numbers = chance.sample(range(1, 2**53), 50)
    table = pl.DataFrame(
        {"no": numbers, "time": [chance.randrange(10**9, 4 * 10**9) for _ in texts], "text": texts}
    )
    table.write_parquet(tmp_path / "p")
    with (tmp_path / "c").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([table.columns, *table.iter_rows()])
    one, other = read(tmp_path / "p"), read(tmp_path / "c")
    assert one.posts == other.posts
    assert [post.no for post in one.posts] == numbers
    assert [post.posted_at for post in one.posts] == table["time"].to_list()
    assert one.refused == other.refused == []


def test_a_world_written_as_a_table_comes_back_post_by_post(tmp_path: Path) -> None:
    """Entities in a plain column are resolved once: scripts have left them in."""
    posts = openings()
    frame = pl.DataFrame({
        "post_no": [post.no for post in posts],
        "created_at": [datetime.fromtimestamp(post.posted_at, UTC) for post in posts],
        "title": [post.subject for post in posts],
        "body": [post.text for post in posts],
    })  # fmt: skip
    frame.write_parquet(tmp_path / "p")
    result = read(tmp_path / "p")
    assert [(each.no, each.posted_at, each.subject, each.text) for each in result.posts] == [
        (post.no, post.posted_at, composed(html.unescape(post.subject)), composed(html.unescape(post.text)))
        for post in posts
    ]


def labelled(tmp_path: Path, *rows: str) -> Path:
    return csv_file(tmp_path / "test_labels.csv", "image_path,text,label", *rows)


HELD: dict[str, Any] = {
    "board": "biz", "posted_at": NOON, "subject": "", "replies": None, "source": None, "banned": False,
    "file_deleted": False, "media_md5": None, "media_ext": None, "media_path": None, "picture": None,
    "extra": {},
}  # fmt: skip


def test_labelled_pictures_find_their_posts_by_number_and_by_the_boards_file_name(tmp_path: Path) -> None:
    held = store(
        ImportedPost(no=60000412, thread_no=60000412, text="sell it all", tim=None, **HELD),
        ImportedPost(no=60000413, thread_no=60000413, text="", tim=1759924800123456, **HELD),
    )
    path = labelled(
        tmp_path,
        "images/60000412.jpg,Sell it all!,bearish",
        "C:\\pics\\1759924800123456s.jpg,anything,Bullish",
        "60000412.png,buy the dip now,bullish",
        "meme_12.jpg,x,neutral",
        "60000999.jpg,x,neutral",
        "images/60000412.jpg,,sad",
    )
    result = read(path, held=held)
    assert [(label.no, label.label, label.annotator) for label in result.labels] == [
        (60000412, "bearish", "import"),
        (60000413, "bullish", "import"),
    ]
    assert result.reasons == [
        ("row 3", "the post that its picture's name means has another text"),
        ("row 4", "the picture's name is neither a post's number nor the board's name of it"),
        ("row 5", "no post is held that its picture's name means: import the posts first"),
        ("row 6", "the label is none of bearish, neutral, bullish"),
    ]


def test_a_table_with_numbers_and_no_date_is_no_table_of_labelled_pictures(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no column holds the time"):
        opened(csv_file(tmp_path / "x", "no,image_path,text,label", "7,7.jpg,a,bearish"))


def test_a_file_name_of_two_posts_places_nothing(tmp_path: Path) -> None:
    posts = [ImportedPost(no=no, thread_no=no, text="", tim=1759924800123456, **HELD) for no in (7, 8)]
    result = read(labelled(tmp_path, "1759924800123456.jpg,x,bearish"), held=store(*posts))
    assert result.labels == []
    assert len(result.refused) == 1
