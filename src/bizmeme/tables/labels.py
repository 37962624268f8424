"""Who is asked, and what people and vision APIs said."""

import dataframely as dy
import polars as pl

from bizmeme.tables.columns import SHA256, SLICE, doc


class GoldSample(dy.Schema):
    """data/gold_sample.parquet: the posts that people label."""

    board = dy.String(primary_key=True, metadata=doc("the post's board"))
    no = dy.Int64(primary_key=True, min=1, metadata=doc("the post's number"))
    day = dy.Date(metadata=doc("its thread's day, UTC"))
    slice = dy.String(regex=SLICE, metadata=doc("held-out days among the training ones, or the last period"))
    stratum = dy.String(metadata=doc("slice, market period and engagement"))
    weight = dy.Float64(
        min=0, metadata=doc("posts of the population that it stands for; 0: it is gone from there")
    )
    role = dy.String(regex="^(dev|test)$", metadata=doc("dev: pilot and gate; test: read only by evaluate"))
    second = dy.Bool(metadata=doc("a second annotator labels it as well: agreement of two people"))
    repeat = dy.Bool(metadata=doc("the first annotator is shown it twice: agreement with oneself"))
    batch = dy.Int64(min=0, metadata=doc("0: the first draw; 1 and on: each `bizmeme label extend`"))
    drawn_by = dy.String(metadata=doc("the values of `sample.*` by which it was drawn, JSON"))


class HumanLabels(dy.Schema):
    """data/human_labels.parquet: one row a showing of a post to one person."""

    board = dy.String(primary_key=True, metadata=doc("the post's board"))
    no = dy.Int64(primary_key=True, min=1, metadata=doc("the post's number"))
    project = dy.String(
        primary_key=True,
        regex="^(first|second|adjudication|queue|imported)$",
        metadata=doc("which of Label Studio's projects; imported: brought in by `bizmeme import`"),
    )
    annotator = dy.String(primary_key=True, metadata=doc("who labelled, as the service names them"))
    repeat = dy.Bool(primary_key=True, metadata=doc("shown once more, to see whether the same is said again"))
    role = dy.String(
        regex="^(dev|test|train)$",
        metadata=doc("as in gold_sample.parquet; train: labelled to train on, and not sampled"),
    )
    label = dy.String(nullable=True, metadata=doc("this person's label; null exactly where `reason` stands"))
    reason = dy.String(nullable=True, metadata=doc("why there is none: skipped, empty, unknown choice …"))
    gold = dy.String(nullable=True, metadata=doc("the post's settled label; null where there is none"))
    settled = dy.String(
        nullable=True,
        regex="^(agreed|single|majority|adjudicated)$",
        metadata=doc(
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


class AutoReplies(dy.Schema):
    """data/auto_replies.parquet: what each vision API said of each post; a sorted view of the journal."""

    board = dy.String(primary_key=True, metadata=doc("the post's board"))
    no = dy.Int64(primary_key=True, min=1, metadata=doc("the post's number"))
    labeller = dy.String(primary_key=True, metadata=doc("the section of `labeller` that was asked"))
    model = dy.String(metadata=doc("the vendor's name of the model"))
    request_hash = dy.String(
        regex=SHA256,
        metadata=doc("SHA-256 of all that shapes the answer; near copies of a post share one request"),
    )
    origin = dy.String(metadata=doc("whose posts these are: real, or a sandbox's world"))
    label = dy.String(nullable=True, metadata=doc("null exactly where `reason` stands"))
    confidence = dy.Float64(
        nullable=True, min=0, max=1, metadata=doc("the label's probability in the model's own words")
    )
    rationale = dy.String(nullable=True, metadata=doc("one sentence, in the model's words"))
    reason = dy.String(nullable=True, metadata=doc("why there is no label"))
    cost_usd = dy.Float64(
        min=0,
        metadata=doc("of the request, as it was paid: posts that share one all show it"),
    )
    in_doubt_usd = dy.Float64(min=0, metadata=doc("reserved for earlier sends that a kill left unanswered"))
    reply = dy.String(nullable=True, metadata=doc("the reply's body, JSON; usage included"))

    @dy.rule()
    def label_or_reason(cls) -> pl.Expr:  # noqa: N805
        """Exactly one of label and reason stands."""
        return pl.col("label").is_null() ^ pl.col("reason").is_null()


class AutoLabels(dy.Schema):
    """data/auto_labels.parquet: what the vision APIs together say of a post, and how sure that is."""

    board = dy.String(primary_key=True, metadata=doc("the post's board"))
    no = dy.Int64(primary_key=True, min=1, metadata=doc("the post's number"))
    label = dy.String(nullable=True, metadata=doc("null exactly where `reason` stands"))
    confidence = dy.Float64(
        nullable=True,
        min=0,
        max=1,
        metadata=doc("how often labels said so surely agree with people: calibrated on `dev` gold"),
    )
    raw_confidence = dy.Float64(
        nullable=True, min=0, max=1, metadata=doc("before that: of the model, or the labellers' votes")
    )
    votes = dy.Int64(min=0, metadata=doc("labellers that gave a label"))
    reason = dy.String(nullable=True, metadata=doc("why there is no label: refused, disagreed …"))

    @dy.rule()
    def label_or_reason(cls) -> pl.Expr:  # noqa: N805
        """Exactly one of label and reason stands."""
        return pl.col("label").is_null() ^ pl.col("reason").is_null()
