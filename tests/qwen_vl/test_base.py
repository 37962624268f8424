"""The base that is trained here: its tokenizer, what it has learnt, and that it survives being killed."""

from pathlib import Path
from typing import Any

import pytest

from bizmeme.errors import ConfigError, ModelError
from bizmeme.qwen_vl import bases, bpe, quantised, student, watch
from bizmeme.qwen_vl.pretrain import Pretraining
from bizmeme.qwen_vl.sections import Explanation
from bizmeme.vlms import tiny
from tests.qwen_vl import world
from tests.qwen_vl.conftest import pretraining, section

pytestmark = pytest.mark.slow
SHORT = {"caption_steps": 2, "steps": 3, "checkpoint_every_steps": 2, "batch_size": 4}


class KilledError(Exception):
    """Stands for a signal."""


def kill_after(step: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next training die after this step, before its checkpoint; None: once all is written."""

    def on_step_end(_: object, __: object, state: Any, ___: object, **____: object) -> None:
        if state.global_step == step:
            raise KilledError

    def on_train_end(*_: object, **__: object) -> None:
        raise KilledError  # every checkpoint is written, nothing is left to train

    monkeypatch.setattr(watch.Progress, "on_step_end", on_step_end)
    monkeypatch.setattr(watch.Progress, "on_train_end", on_train_end)


def test_each_label_is_one_token_where_the_answer_stands(models: Path, small: tiny.Tiny) -> None:
    processor = quantised.load_processor(bases.source(models / "base"), small.config.pixels)
    assert all(len(processor.tokenizer.encode(label)) == 1 for label in world.LABELS)


def test_too_small_a_vocabulary_is_refused_with_the_words_it_splits() -> None:
    with pytest.raises(ModelError, match=r"splits bearish, .* Raise vlm\.sizes\.vocabulary above 270"):
        bpe.qwen_tokenizer(["gm"], words=world.LABELS, size=270)


@pytest.mark.parametrize("label", world.LABELS)
def test_the_base_emits_every_label_word_when_asked_for_the_first_word(
    models: Path, small: tiny.Tiny, label: str
) -> None:
    question = pretraining(Path()).settings.tasks.word_question
    asking = small.config.model_copy(update={"explanation": Explanation(question=question, max_new_tokens=4)})
    base = student.load_base(models / "base", family=asking, labels=world.LABELS, prompt=world.PROMPT)
    picture = world.draw(world.SCENES[0], "pink")
    assert base.analyze(picture, f"{label} anon", explain=True).explanation == label


@pytest.mark.parametrize("step", [4, None])
def test_a_killed_base_ends_in_the_same_bytes(
    small: tiny.Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int | None
) -> None:
    captions = world.captions(20, seed=4)
    whole, resumed = pretraining(tmp_path / "a", **SHORT), pretraining(tmp_path / "b", **SHORT)
    small.make_base(captions, tmp_path / "whole", labels=world.LABELS, course=whole)
    with monkeypatch.context() as patch:
        kill_after(step, patch)
        with pytest.raises(KilledError):
            small.make_base(captions, tmp_path / "resumed", labels=world.LABELS, course=resumed)
    small.make_base(captions, tmp_path / "resumed", labels=world.LABELS, course=resumed)
    files = sorted(path.name for path in (tmp_path / "whole").iterdir())
    assert "model.safetensors" in files
    for name in files:
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "resumed" / name).read_bytes(), name


def test_a_half_written_checkpoint_is_removed_and_the_one_before_is_taken(tmp_path: Path) -> None:
    for step, done in ((9, True), (10, True), (11, False)):
        (tmp_path / f"checkpoint-{step}").mkdir()
        if done:
            (tmp_path / f"checkpoint-{step}" / watch.MARK).touch()
    assert watch.newest_complete(tmp_path) == tmp_path / "checkpoint-10"
    assert not (tmp_path / "checkpoint-11").exists()


def test_a_base_without_a_course_names_the_setting(small: tiny.Tiny, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="base: tiny"):
        small.make_base(world.captions(1, seed=0), tmp_path, labels=world.LABELS)


def test_an_empty_folder_is_no_base(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="Run the stage `base`"):
        bases.source(tmp_path)


def test_the_settings_of_the_full_size_are_valid() -> None:
    tiny.Config.model_validate(section("vlm/tiny"))
    Pretraining.model_validate(section("base/tiny")["pretraining"])
