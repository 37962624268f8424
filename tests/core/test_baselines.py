"""The baselines on data with known answers."""

from bizmeme.core import baselines


def test_the_majority_says_the_commonest_training_label() -> None:
    assert baselines.majority(["b", "a", "b"], 2) == ["b", "b"]
    assert baselines.majority(["b", "a"], 1) == ["a"]


def test_text_alone_finds_a_word_that_decides() -> None:
    texts = ["moon soon", "moon now", "rugged again", "rugged hard"] * 5
    said = baselines.text_only(texts, ["up", "up", "down", "down"] * 5, ["to the moon", "so rugged"], seed=1)
    assert said == ["up", "down"]


def test_pictures_alone_find_a_feature_that_decides() -> None:
    features = [[0.0, 5.0], [0.1, 4.0], [1.0, 5.0], [1.1, 4.0]] * 5
    said = baselines.image_only(features, ["x", "x", "y", "y"] * 5, [[0.05, 4.5], [1.05, 4.5]], seed=1)
    assert said == ["x", "y"]


def test_a_single_class_needs_no_fit() -> None:
    assert baselines.text_only(["a"], ["up"], ["b", "c"], seed=1) == ["up", "up"]


def test_without_a_single_word_text_alone_says_the_majority() -> None:
    assert baselines.text_only(["", " ", "a"], ["up", "down", "down"], ["", "moon"], seed=1) == ["down"] * 2


def test_pictures_that_are_all_alike_say_the_majority() -> None:
    alike = [[0.3, 0.3, 0.1]] * 9
    said = baselines.image_only(alike, ["up", "up", "down"] * 3, [[0.3, 0.3, 0.1]], seed=1)
    assert said == ["up"]
