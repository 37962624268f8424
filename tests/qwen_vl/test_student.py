"""A loaded model: its scores, its refusals, and the public `analyze`."""

import json
import shutil
from pathlib import Path

import pytest

from bizmeme.core.chat import question_turns
from bizmeme.errors import DataError, ModelError
from bizmeme.ports.vlms import Examples, Student
from bizmeme.qwen_vl import lora, quantised, student
from bizmeme.vlms import tiny
from tests.qwen_vl import world

pytestmark = pytest.mark.slow
POSTS = [(post.image, post.text) for post in world.captions(6, seed=9)]


@pytest.fixture(scope="module")
def loaded(adapter: Path) -> student.QwenStudent:
    return student.load(adapter)


def test_probabilities_add_up_for_every_post(loaded: Student) -> None:
    scores = loaded.probabilities(POSTS)
    assert len(scores) == len(POSTS)
    assert all(sum(row) == pytest.approx(1) and len(row) == len(world.LABELS) for row in scores)


def test_a_batch_scores_as_its_posts_alone(loaded: Student) -> None:
    together = loaded.probabilities(POSTS)
    alone = [loaded.probabilities([post])[0] for post in POSTS]
    for one, other in zip(together, alone, strict=True):
        assert one == pytest.approx(other, abs=1e-5)


def test_one_pass_finds_the_label_that_generating_would(loaded: student.QwenStudent) -> None:
    for image, text in POSTS:
        turns = [question_turns(world.PROMPT, text)]
        inputs = loaded._inputs(turns, [loaded._picture(image)])
        tokens = loaded.model.generate(**inputs, max_new_tokens=1, do_sample=False)
        said = loaded.processor.tokenizer.decode(tokens[0, -1:])
        assert loaded.analyze(image, text).sentiment == said


def test_an_adapter_loaded_again_gives_the_same_scores(loaded: Student, adapter: Path) -> None:
    assert student.load(str(adapter)).probabilities(POSTS) == loaded.probabilities(POSTS)


def test_the_adapter_changes_what_the_base_says(loaded: Student, models: Path, small: tiny.Tiny) -> None:
    base = small.load_base(models / "base", labels=world.LABELS, prompt=world.PROMPT)
    assert base.probabilities(POSTS) != loaded.probabilities(POSTS)


def test_the_student_has_learnt_the_easy_world(loaded: Student, examples: Examples) -> None:
    posts = world.captions(40, seed=10)
    scores = loaded.probabilities([(post.image, post.text) for post in posts])
    truth = [world.row(post, 0)["messages"][-1]["content"] for post in posts]
    right = [loaded.labels[row.index(max(row))] == label for row, label in zip(scores, truth, strict=True)]
    assert sum(right) / len(right) > max(truth.count(label) for label in world.LABELS) / len(truth)


def test_analyze_takes_bytes_a_path_and_its_name(loaded: Student, tmp_path: Path) -> None:
    image, text = POSTS[0]
    path = tmp_path / "a.png"
    path.write_bytes(image)
    said = loaded.analyze(image, text)
    assert said == loaded.analyze(path, text) == loaded.analyze(str(path), text)
    assert said.sentiment in world.LABELS
    assert said.confidence == pytest.approx(max(loaded.probabilities(POSTS[:1])[0]))
    assert said.explanation is None


def test_an_explanation_is_short_and_comes_only_when_asked_for(loaded: student.QwenStudent) -> None:
    said = loaded.analyze(*POSTS[0], explain=True)
    assert said.explanation
    tokens = loaded.processor.tokenizer.encode(said.explanation)
    assert len(tokens) <= loaded.family.explanation.max_new_tokens


def test_a_post_that_writes_control_tokens_is_scored(loaded: Student) -> None:
    said = loaded.analyze(POSTS[0][0], "<|image_pad|> <image> <|im_end|> {text}")
    assert said.sentiment in world.LABELS


def test_an_unreadable_picture_says_what_to_pass(loaded: Student) -> None:
    with pytest.raises(DataError, match="Pass a whole JPEG"):
        loaded.analyze(b"no picture", "gm")


def test_picture_features_are_as_wide_as_the_language_model_and_tell_scenes_apart(loaded: Student) -> None:
    images = [world.draw(scene, "green") for scene in (*world.SCENES, world.SCENES[0])]
    rising, falling, again = loaded.picture_features(images)
    assert len(rising) == 64
    assert rising == pytest.approx(again, abs=1e-5)
    assert rising != pytest.approx(falling, abs=1e-2)


def broken(adapter: Path, models: Path, change: str) -> Path:
    """A copy of the adapter with one matrix missing, added, or misshapen."""
    import torch
    from safetensors.torch import load_file, save_file

    folder = models / change
    shutil.copytree(adapter, folder)
    weights = load_file(folder / lora.WEIGHTS)
    first = sorted(weights)[0]
    if change == "unexpected":
        weights["base_model.model.lm_head.lora_A.weight"] = torch.zeros(8, 64)
    elif change == "missing":
        del weights[first]
    else:
        weights[first] = weights[first][:4].clone()
    save_file(weights, folder / lora.WEIGHTS)
    return folder


@pytest.mark.parametrize("change", ["missing", "unexpected", "misshapen"])
def test_an_adapter_that_does_not_fit_is_refused(adapter: Path, models: Path, change: str) -> None:
    with pytest.raises(ModelError, match="does not fit its base: 1 of 42 matrices"):
        student.load(broken(adapter, models, change))


def test_another_base_is_refused(adapter: Path, models: Path) -> None:
    other = shutil.copytree(models / "base", models / "other")
    with (other / "model.safetensors").open("ab") as weights:
        weights.write(b" ")
    with pytest.raises(ModelError, match="trained on another base"):
        student.load(adapter, base=other)


def test_a_missing_base_is_named(adapter: Path, tmp_path: Path) -> None:
    lonely = shutil.copytree(adapter, tmp_path / "adapter")
    with pytest.raises(ModelError, match=r"no folder above it holds base/model\.safetensors"):
        student.load(lonely)


def test_a_folder_without_a_record_is_no_adapter(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"training_args\.json cannot be read"):
        student.load(tmp_path)


def test_the_adapter_works_after_its_folders_have_moved(adapter: Path, models: Path, tmp_path: Path) -> None:
    shutil.copytree(models / "base", tmp_path / "moved" / "base")
    shutil.copytree(adapter, tmp_path / "moved" / "adapter")
    before = student.load(adapter).probabilities(POSTS[:1])
    assert student.load(tmp_path / "moved" / "adapter").probabilities(POSTS[:1]) == before


def test_labels_that_go_on_with_the_same_token_are_refused(loaded: student.QwenStudent) -> None:
    twins = student.QwenStudent(
        ("bullish", "bearish", "bearish"), loaded.family, loaded.prompt, loaded.model, loaded.processor
    )
    with pytest.raises(ModelError, match="Choose other label words"):
        twins.endings()


def test_labels_with_a_common_start_are_told_apart_after_it(loaded: student.QwenStudent) -> None:
    tokenizer = loaded.processor.tokenizer
    alike = student.QwenStudent(
        ("bullish anon", "bullish ser", "bullish"),
        loaded.family,
        loaded.prompt,
        loaded.model,
        loaded.processor,
    )
    ends = alike.endings()
    assert ends.shared == tuple(tokenizer.encode("bullish"))
    assert len(set(ends.next)) == 3


def test_the_record_is_all_that_using_an_adapter_needs(adapter: Path) -> None:
    stored = json.loads((adapter / "training_args.json").read_text())
    assert stored["family"]["quantisation"]["kind"] == "nf4"
    assert stored["base"]["folder"] == "base"
    assert quantised.device() in {"cpu", "cuda:0"}
