"""What the student must beat: the commonest label, text alone, picture alone; fitted on the same labels."""

from collections import Counter
from collections.abc import Sequence
from typing import Any


def majority(train_labels: Sequence[str], n: int) -> list[str]:
    """The commonest training label, n times; ties go to the first in the alphabet."""
    counts = Counter(train_labels)
    return [min(counts, key=lambda label: (-counts[label], label))] * n


def text_only(
    train_texts: Sequence[str], train_labels: Sequence[str], texts: Sequence[str], *, seed: int
) -> list[str]:
    """TF-IDF of words and word pairs with logistic regression; the majority where no text has a word."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline

    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    if not any(map(vectors.build_analyzer(), train_texts)):
        return majority(train_labels, len(texts))
    return _fit_predict(make_pipeline(vectors, _logistic(seed)), train_texts, train_labels, texts)


def image_only(
    train_features: Sequence[Sequence[float]],
    train_labels: Sequence[str],
    features: Sequence[Sequence[float]],
    *,
    seed: int,
) -> list[str]:
    """Standardised picture features (rows × dimensions) with logistic regression."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return _fit_predict(
        make_pipeline(StandardScaler(), _logistic(seed)), train_features, train_labels, features
    )


def _logistic(seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=2000, C=1.0, random_state=seed)


def _fit_predict(model: Any, train: Any, labels: Sequence[str], rows: Any) -> list[str]:
    """Fit and predict; with a single class in train there is nothing to fit."""
    if len(set(labels)) == 1:
        return [labels[0]] * len(rows)
    return [str(label) for label in model.fit(train, list(labels)).predict(rows)]
