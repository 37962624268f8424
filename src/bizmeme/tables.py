"""One schema a table: what every stage hands over, validated on write and on read (shell/parquet.py).

Keys: posts by (board, no); pictures by the SHA-256 of the normalised file; replies by request hash.
docs/reference/tables.md is generated from this file.
"""

from typing import Any

import dataframely as dy
import polars as pl

SHA256 = r"^[0-9a-f]{64}$"
SLICE = r"^(days|last_period)$"


def _doc(text: str) -> dict[str, Any]:
    return {"doc": text}


class RawPosts(dy.Schema):
    """data/raw/posts.parquet: posts as sources gave them one by one; a sorted view of the journal."""

    source = dy.String(primary_key=True, metadata=_doc("the section of `source` it came through"))
    board = dy.String(primary_key=True, regex=r"^[a-z0-9]+$", metadata=_doc("the board's short name"))
    no = dy.Int64(primary_key=True, min=1, metadata=_doc("post number, unique within the board"))
    origin = dy.String(metadata=_doc("whose posts these are: real, or a sandbox's world"))
    thread_no = dy.Int64(min=1, metadata=_doc("number of the thread's opening post"))
    body = dy.String(metadata=_doc("the post as it came last, JSON"))
    replies = dy.Int64(nullable=True, min=0, metadata=_doc("of its thread, as last told, on opening posts"))
    deleted = dy.Bool(metadata=_doc("it is gone from the board, before its thread was"))
    posted_at = dy.Int64(nullable=True, metadata=_doc("seconds since 1970; null where imported, as below"))
    digest = dy.String(nullable=True, metadata=_doc("of what its poster wrote: another one is an edit"))
    has_file = dy.Bool(nullable=True, metadata=_doc("it showed a file when it came last"))
    first_seen = dy.Int64(nullable=True, min=0, metadata=_doc("seconds since 1970"))
    deleted_at = dy.Int64(nullable=True, min=0, metadata=_doc("when that was seen"))
    restored_at = dy.Int64(nullable=True, min=0, metadata=_doc("when it was seen again"))
    former = dy.List(
        dy.Struct({"until": dy.Int64(), "body": dy.String()}),
        metadata=_doc("what it was before it was edited, oldest first; until when that was seen"),
    )


class RawPages(dy.Schema):
    """data/raw/pages.parquet: web pages of an archive as received; a sorted view of the journal."""

    source = dy.String(primary_key=True, metadata=_doc("the section of `source` it came through"))
    path = dy.String(
        primary_key=True,
        metadata=_doc("what was asked, relative to the source's host; with #hash where its pages move on"),
    )
    origin = dy.String(metadata=_doc("whose posts these are: real, or a sandbox's world"))
    frozen = dy.Bool(metadata=_doc("never asked for again: a thread that nobody answers any more"))
    status = dy.Int64(min=100, max=599, metadata=_doc("HTTP status of the answer kept"))
    last_modified = dy.String(nullable=True, metadata=_doc("the header, verbatim"))
    body = dy.Binary(metadata=_doc("the answer's bytes"))


class RawFiles(dy.Schema):
    """data/raw/files.parquet: files that posts show, as received, or why there is none."""

    source = dy.String(primary_key=True, metadata=_doc("the section of `source` it came through"))
    key = dy.String(
        primary_key=True,
        metadata=_doc("the board's MD5, base64; where that is unknown the path, or board/no where imported"),
    )
    kind = dy.String(primary_key=True, regex="^(file|thumbnail)$", metadata=_doc("the whole file, or small"))
    origin = dy.String(metadata=_doc("whose posts these are: real, or a sandbox's world"))
    path = dy.String(metadata=_doc("on the source's media host, or as the imported row named it"))
    status = dy.String(metadata=_doc("ok, or why there is no file: core/files.py"))
    body = dy.Binary(nullable=True, metadata=_doc("its bytes, where it is ok"))


class RawLabels(dy.Schema):
    """data/raw/labels.parquet: labels that people gave before, as `bizmeme import` read them."""

    board = dy.String(primary_key=True, metadata=_doc("the post's board"))
    no = dy.Int64(primary_key=True, min=1, metadata=_doc("the post's number"))
    annotator = dy.String(primary_key=True, metadata=_doc("who labelled"))
    origin = dy.String(metadata=_doc("whose posts these are: real, or a sandbox's world"))
    label = dy.String(nullable=True, metadata=_doc("null where skipped"))
    notes = dy.String(metadata=_doc("theirs, often empty"))
    labelled_at = dy.Int64(nullable=True, metadata=_doc("seconds since 1970"))


class RawReplies(dy.Schema):
    """data/raw/replies.parquet: automatic labels that were paid for before, of a model nobody knows."""

    board = dy.String(primary_key=True, metadata=_doc("the post's board"))
    no = dy.Int64(primary_key=True, min=1, metadata=_doc("the post's number"))
    origin = dy.String(metadata=_doc("whose posts these are: real, or a sandbox's world"))
    label = dy.String(metadata=_doc("what it said"))
    confidence = dy.Float64(nullable=True, metadata=_doc("as it came"))
    raw = dy.String(metadata=_doc("the entry as it stood, JSON"))


class Posts(dy.Schema):
    """data/posts.parquet: every post, with or without a picture."""

    board = dy.String(primary_key=True, regex=r"^[a-z0-9]+$", metadata=_doc("the board's short name"))
    no = dy.Int64(primary_key=True, min=1, metadata=_doc("post number, unique within the board"))
    source = dy.String(metadata=_doc("whose word this is, where several hold the post: parse.prefer"))
    thread_no = dy.Int64(min=1, metadata=_doc("number of the thread's opening post"))
    posted_at = dy.Datetime(time_zone="UTC", metadata=_doc("when it was posted, UTC"))
    subject = dy.String(metadata=_doc("plain text, empty where there is none"))
    text = dy.String(metadata=_doc("plain text; greentext lines start with '>'"))
    thread_replies = dy.Int64(nullable=True, min=0, metadata=_doc("replies of the thread, on opening posts"))
    deleted = dy.Bool(metadata=_doc("it is gone from the board, before its thread was"))
    banned = dy.Bool(metadata=_doc("the board's ban notice stood under it; the notice is not in the text"))
    media_md5 = dy.String(nullable=True, metadata=_doc("base64, as the board gave it"))
    image_sha256 = dy.String(nullable=True, regex=SHA256, metadata=_doc("its picture in images.parquet"))
    image_reason = dy.String(nullable=True, metadata=_doc("why it has no usable picture"))

    @dy.rule()
    def picture_or_reason(cls) -> pl.Expr:  # noqa: N805 - dataframely calls it on the class
        """Exactly one of image_sha256 and image_reason stands."""
        return pl.col("image_sha256").is_null() ^ pl.col("image_reason").is_null()


class Images(dy.Schema):
    """data/images.parquet: the normalised pictures in data/images/, one row each."""

    sha256 = dy.String(primary_key=True, regex=SHA256, metadata=_doc("of the normalised file"))
    width_px = dy.Int64(min=1, metadata=_doc("of the normalised picture"))
    height_px = dy.Int64(min=1, metadata=_doc("of the normalised picture"))
    perceptual_hash = dy.UInt64(metadata=_doc("64-bit DCT hash (imagehash.phash)"))
    thumbnail = dy.Binary(metadata=_doc("16×16 RGB, 768 bytes, row by row"))


class GoldSample(dy.Schema):
    """data/gold_sample.parquet: the posts that people label."""

    board = dy.String(primary_key=True, metadata=_doc("the post's board"))
    no = dy.Int64(primary_key=True, min=1, metadata=_doc("the post's number"))
    day = dy.Date(metadata=_doc("its thread's day, UTC"))
    slice = dy.String(regex=SLICE, metadata=_doc("held-out days among the training ones, or the last period"))
    stratum = dy.String(metadata=_doc("slice, market period and engagement"))
    weight = dy.Float64(
        min=0, metadata=_doc("posts of the population that it stands for; 0: it is gone from there")
    )
    role = dy.String(regex="^(dev|test)$", metadata=_doc("dev: pilot and gate; test: read only by evaluate"))
    second = dy.Bool(metadata=_doc("a second annotator labels it as well: agreement of two people"))
    repeat = dy.Bool(metadata=_doc("the first annotator is shown it twice: agreement with oneself"))
    batch = dy.Int64(min=0, metadata=_doc("0: the first draw; 1 and on: each `bizmeme label extend`"))
    drawn_by = dy.String(metadata=_doc("the values of `sample.*` by which it was drawn, JSON"))


class HumanLabels(dy.Schema):
    """data/human_labels.parquet: one row a showing of a post to one person."""

    board = dy.String(primary_key=True, metadata=_doc("the post's board"))
    no = dy.Int64(primary_key=True, min=1, metadata=_doc("the post's number"))
    project = dy.String(
        primary_key=True,
        regex="^(first|second|adjudication|queue|imported)$",
        metadata=_doc("which of Label Studio's projects; imported: brought in by `bizmeme import`"),
    )
    annotator = dy.String(primary_key=True, metadata=_doc("who labelled, as the service names them"))
    repeat = dy.Bool(
        primary_key=True, metadata=_doc("shown once more, to see whether the same is said again")
    )
    role = dy.String(
        regex="^(dev|test|train)$",
        metadata=_doc("as in gold_sample.parquet; train: labelled to train on, and not sampled"),
    )
    label = dy.String(nullable=True, metadata=_doc("this person's label; null exactly where `reason` stands"))
    reason = dy.String(nullable=True, metadata=_doc("why there is none: skipped, empty, unknown choice …"))
    gold = dy.String(nullable=True, metadata=_doc("the post's settled label; null where there is none"))
    settled = dy.String(
        nullable=True,
        regex="^(agreed|single|majority|adjudicated)$",
        metadata=_doc(
            "how it was: all of several agreed, only one gave a label, a majority, the third project"
        ),
    )

    @dy.rule()
    def label_or_reason(cls) -> pl.Expr:  # noqa: N805
        """Exactly one of label and reason stands."""
        return pl.col("label").is_null() ^ pl.col("reason").is_null()

    @dy.rule()
    def gold_or_not_settled(cls) -> pl.Expr:  # noqa: N805
        """Both stand, or neither."""
        return pl.col("gold").is_null() == pl.col("settled").is_null()


class AutoLabels(dy.Schema):
    """data/auto_labels.parquet: what the vision API said; a sorted view of the journal."""

    board = dy.String(primary_key=True, metadata=_doc("the post's board"))
    no = dy.Int64(primary_key=True, min=1, metadata=_doc("the post's number"))
    model = dy.String(metadata=_doc("the vendor's name of the model"))
    request_hash = dy.String(regex=SHA256, metadata=_doc("SHA-256 of model and request body"))
    origin = dy.String(metadata=_doc("whose posts these are: real, or a sandbox's world"))
    label = dy.String(nullable=True, metadata=_doc("null exactly where `reason` stands"))
    confidence = dy.Float64(nullable=True, min=0, max=1, metadata=_doc("probability of the label's tokens"))
    rationale = dy.String(nullable=True, metadata=_doc("one sentence, in the model's words"))
    reason = dy.String(nullable=True, metadata=_doc("why there is no label"))
    cost_usd = dy.Float64(min=0, metadata=_doc("by the usage block and conf/labeller's prices"))
    in_doubt_usd = dy.Float64(min=0, metadata=_doc("reserved for earlier sends that a kill left unanswered"))
    reply = dy.String(nullable=True, metadata=_doc("the reply's body, JSON; usage included"))

    @dy.rule()
    def label_or_reason(cls) -> pl.Expr:  # noqa: N805
        """Exactly one of label and reason stands."""
        return pl.col("label").is_null() ^ pl.col("reason").is_null()


class Examples(dy.Schema):
    """data/examples.parquet: the rows of train.json, val.json and test.json, with what they came from."""

    board = dy.String(primary_key=True, metadata=_doc("the post's board"))
    no = dy.Int64(primary_key=True, min=1, metadata=_doc("the post's number"))
    split = dy.String(regex="^(train|val|test)$", metadata=_doc("the file that the row stands in"))
    day = dy.Date(metadata=_doc("its thread's day, UTC"))
    image_sha256 = dy.String(
        regex=SHA256, metadata=_doc("its picture, or the plain grey one: prepare.modality")
    )
    text = dy.String(
        metadata=_doc("subject and text as one, before the prompt cuts it; or empty: prepare.modality")
    )
    label = dy.String(metadata=_doc("what the row teaches, or in test the human gold"))
    labelled_by = dy.String(regex="^(auto|human)$", metadata=_doc("where the label came from"))
    slice = dy.String(
        nullable=True, regex=SLICE, metadata=_doc("as in gold_sample.parquet; null but in test")
    )


class Predictions(dy.Schema):
    """data/predictions.parquet: the test set with every predictor's word."""

    board = dy.String(primary_key=True, metadata=_doc("the post's board"))
    no = dy.Int64(primary_key=True, min=1, metadata=_doc("the post's number"))
    slice = dy.String(regex=SLICE, metadata=_doc("as in gold_sample.parquet"))
    gold = dy.String(metadata=_doc("the human label"))
    student = dy.String(metadata=_doc("base with adapter"))
    student_probabilities = dy.List(dy.Float64(), metadata=_doc("in the order of labels.names"))
    majority = dy.String(metadata=_doc("the commonest label of train"))
    text_only = dy.String(metadata=_doc("TF-IDF with logistic regression, on the student's labels"))
    image_only = dy.String(metadata=_doc("logistic regression on the base's picture features, same labels"))
    base = dy.String(metadata=_doc("base without adapter"))
    labeller = dy.String(nullable=True, metadata=_doc("the vision API; null where it gave no label"))


TABLES: tuple[type[dy.Schema], ...] = (
    RawPosts,
    RawPages,
    RawFiles,
    RawLabels,
    RawReplies,
    Posts,
    Images,
    GoldSample,
    HumanLabels,
    AutoLabels,
    Examples,
    Predictions,
)
