"""What a student learns from, and what it then says."""

import dataframely as dy

from bizmeme.tables.columns import SHA256, SLICE, doc


class Examples(dy.Schema):
    """data/examples.parquet: the rows of train.json, val.json and test.json, with what they came from."""

    board = dy.String(primary_key=True, metadata=doc("the post's board"))
    no = dy.Int64(primary_key=True, min=1, metadata=doc("the post's number"))
    split = dy.String(regex="^(train|val|test)$", metadata=doc("the file that the row stands in"))
    day = dy.Date(metadata=doc("its thread's day, UTC"))
    image_sha256 = dy.String(
        regex=SHA256, metadata=doc("its picture, or the plain grey one: prepare.modality")
    )
    text = dy.String(
        metadata=doc("subject and text as one, before the prompt cuts it; or empty: prepare.modality")
    )
    label = dy.String(metadata=doc("what the row teaches, or in test the human gold"))
    labelled_by = dy.String(regex="^(auto|human)$", metadata=doc("where the label came from"))
    slice = dy.String(nullable=True, regex=SLICE, metadata=doc("as in gold_sample.parquet; null but in test"))


class Predictions(dy.Schema):
    """data/predictions.parquet: the test set with every predictor's word."""

    board = dy.String(primary_key=True, metadata=doc("the post's board"))
    no = dy.Int64(primary_key=True, min=1, metadata=doc("the post's number"))
    slice = dy.String(regex=SLICE, metadata=doc("as in gold_sample.parquet"))
    gold = dy.String(metadata=doc("the human label"))
    student = dy.String(metadata=doc("base with adapter"))
    student_probabilities = dy.List(dy.Float64(), metadata=doc("in the order of labels.names"))
    majority = dy.String(metadata=doc("the commonest label of train"))
    text_only = dy.String(metadata=doc("TF-IDF with logistic regression, on the student's labels"))
    image_only = dy.String(metadata=doc("logistic regression on the base's picture features, same labels"))
    base = dy.String(metadata=doc("base without adapter"))
    labeller = dy.String(nullable=True, metadata=doc("the vision API; null where it gave no label"))
