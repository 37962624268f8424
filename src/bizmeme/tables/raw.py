"""What the journal holds, as sorted tables: data/raw/."""

import dataframely as dy

from bizmeme.tables.columns import doc


class RawPosts(dy.Schema):
    """data/raw/posts.parquet: posts as sources gave them one by one; a sorted view of the journal."""

    source = dy.String(primary_key=True, metadata=doc("the section of `source` it came through"))
    board = dy.String(primary_key=True, regex=r"^[a-z0-9]+$", metadata=doc("the board's short name"))
    no = dy.Int64(primary_key=True, min=1, metadata=doc("post number, unique within the board"))
    origin = dy.String(metadata=doc("whose posts these are: real, or a sandbox's world"))
    thread_no = dy.Int64(min=1, metadata=doc("number of the thread's opening post"))
    body = dy.String(metadata=doc("the post as it came last, JSON"))
    replies = dy.Int64(nullable=True, min=0, metadata=doc("of its thread, as last told, on opening posts"))
    deleted = dy.Bool(metadata=doc("it is gone from the board, before its thread was"))
    posted_at = dy.Int64(nullable=True, metadata=doc("seconds since 1970; null where imported, as below"))
    digest = dy.String(nullable=True, metadata=doc("of what its poster wrote: another one is an edit"))
    has_file = dy.Bool(nullable=True, metadata=doc("it showed a file when it came last"))
    first_seen = dy.Int64(nullable=True, min=0, metadata=doc("seconds since 1970"))
    deleted_at = dy.Int64(nullable=True, min=0, metadata=doc("when that was seen"))
    restored_at = dy.Int64(nullable=True, min=0, metadata=doc("when it was seen again"))
    former = dy.List(
        dy.Struct({"until": dy.Int64(), "body": dy.String()}),
        metadata=doc("what it was before it was edited, oldest first; until when that was seen"),
    )


class RawPages(dy.Schema):
    """data/raw/pages.parquet: web pages of an archive as received; a sorted view of the journal."""

    source = dy.String(primary_key=True, metadata=doc("the section of `source` it came through"))
    path = dy.String(
        primary_key=True,
        metadata=doc("what was asked, relative to the source's host; with #hash where its pages move on"),
    )
    origin = dy.String(metadata=doc("whose posts these are: real, or a sandbox's world"))
    frozen = dy.Bool(metadata=doc("never asked for again: a thread that nobody answers any more"))
    status = dy.Int64(min=100, max=599, metadata=doc("HTTP status of the answer kept"))
    last_modified = dy.String(nullable=True, metadata=doc("the header, verbatim"))
    body = dy.Binary(metadata=doc("the answer's bytes"))


class RawFiles(dy.Schema):
    """data/raw/files.parquet: files that posts show, as received, or why there is none."""

    source = dy.String(primary_key=True, metadata=doc("the section of `source` it came through"))
    key = dy.String(
        primary_key=True,
        metadata=doc("the board's MD5, base64; where that is unknown the path, or board/no where imported"),
    )
    kind = dy.String(primary_key=True, regex="^(file|thumbnail)$", metadata=doc("the whole file, or small"))
    origin = dy.String(metadata=doc("whose posts these are: real, or a sandbox's world"))
    path = dy.String(metadata=doc("on the source's media host, or as the imported row named it"))
    status = dy.String(metadata=doc("ok, or why there is no file: core/files.py"))
    body = dy.Binary(nullable=True, metadata=doc("its bytes, where it is ok"))


class RawLabels(dy.Schema):
    """data/raw/labels.parquet: labels that people gave before, as `bizmeme import` read them."""

    board = dy.String(primary_key=True, metadata=doc("the post's board"))
    no = dy.Int64(primary_key=True, min=1, metadata=doc("the post's number"))
    annotator = dy.String(primary_key=True, metadata=doc("who labelled"))
    origin = dy.String(metadata=doc("whose posts these are: real, or a sandbox's world"))
    label = dy.String(nullable=True, metadata=doc("null where skipped"))
    notes = dy.String(metadata=doc("theirs, often empty"))
    labelled_at = dy.Int64(nullable=True, metadata=doc("seconds since 1970"))


class RawReplies(dy.Schema):
    """data/raw/replies.parquet: automatic labels that were paid for before, of a model nobody knows."""

    board = dy.String(primary_key=True, metadata=doc("the post's board"))
    no = dy.Int64(primary_key=True, min=1, metadata=doc("the post's number"))
    origin = dy.String(metadata=doc("whose posts these are: real, or a sandbox's world"))
    label = dy.String(metadata=doc("what it said"))
    confidence = dy.Float64(nullable=True, metadata=doc("as it came"))
    raw = dy.String(metadata=doc("the entry as it stood, JSON"))
