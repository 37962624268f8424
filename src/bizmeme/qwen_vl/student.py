"""A loaded model, with or without an adapter: label probabilities, picture features, `analyze`.

    load("models/adapter").analyze("meme.jpg", "wagmi") -> Sentiment("bullish", 0.93, None)

All labels are scored by one forward pass: the prompt, the tokens that all answers begin with, and then the
probabilities of the labels' next tokens. torch and its libraries are imported at first use.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bizmeme.core.chat import Message, StudentPrompt, question_turns
from bizmeme.errors import ModelError
from bizmeme.ports.vlms import Sentiment
from bizmeme.qwen_vl import bases, lora, pictures, quantised, record, shapes
from bizmeme.qwen_vl.sections import Family

if TYPE_CHECKING:
    from PIL.Image import Image as Picture
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Endings:
    """Where the labels part: the token ids that all answers begin with, and each label's next one."""

    shared: tuple[int, ...]
    next: tuple[int, ...]


@dataclass(slots=True)
class QwenStudent:
    """A `ports.Student` of the Qwen2.5-VL architecture."""

    labels: tuple[str, ...]
    family: Family
    prompt: StudentPrompt
    model: Any
    processor: Any

    def probabilities(self, posts: Sequence[tuple[bytes, str]]) -> list[list[float]]:
        """For each (picture file, text): the probability of each label, in the order of `labels`.

        Raises DataError where a picture cannot be read.
        """
        # Posts of like length share a batch, since short ones are padded to the longest.
        order = sorted(range(len(posts)), key=lambda place: len(posts[place][1]))
        size = self.family.scoring_batch_size
        found: dict[int, list[float]] = {}
        for start in range(0, len(order), size):
            places = order[start : start + size]
            batch = [(self._picture(posts[place][0]), posts[place][1]) for place in places]
            found.update(zip(places, self._score(batch), strict=True))
        return [found[place] for place in range(len(posts))]

    def picture_features(self, images: Sequence[bytes]) -> list[list[float]]:
        """For each picture file: the mean of the vision tower's merged tokens, as wide as the language model.

        Raises DataError where a picture cannot be read.
        """
        size = self.family.scoring_batch_size
        return [
            feature
            for start in range(0, len(images), size)
            for feature in self._features([self._picture(image) for image in images[start : start + size]])
        ]

    def analyze(self, image: bytes | str | Path, text: str, *, explain: bool = False) -> Sentiment:
        """One post's sentiment, from the picture's bytes or path and the post's text (may be empty).

        With `explain`, the base (the adapter switched off) says what it sees; it describes the post and does
        not report why the label was chosen. Raises DataError where the picture cannot be read.
        """
        picture = self._picture(image)
        (scores,) = self._score([(picture, text)])
        best = max(range(len(scores)), key=scores.__getitem__)
        explanation = self._explain(picture, text, self.labels[best]) if explain else None
        return Sentiment(self.labels[best], scores[best], explanation)

    def endings(self) -> Endings:
        """Where the labels' tokens part; ModelError where two labels go on with the same token."""
        tokenizer = self.processor.tokenizer
        answers = [tokenizer.encode(label + tokenizer.eos_token) for label in self.labels]
        shared = _common_start(answers)
        following = tuple(answer[len(shared)] for answer in answers)
        if len(set(following)) != len(self.labels):
            raise ModelError(
                f"Some of {', '.join(self.labels)} go on with the same token where others part: one pass "
                "cannot tell them apart. Choose other label words."
            )
        return Endings(tuple(shared), following)

    def _score(self, batch: Sequence[tuple["Picture", str]]) -> list[list[float]]:
        import torch

        endings = self.endings()
        turns = [question_turns(self.prompt, text) for _, text in batch]
        inputs = self._inputs(turns, [picture for picture, _ in batch])
        with torch.inference_mode():
            logits = self.model(**_followed_by(inputs, endings.shared), logits_to_keep=1).logits[:, -1]
            return logits[:, list(endings.next)].float().softmax(-1).tolist()  # type: ignore[no-any-return]

    def _explain(self, picture: "Picture", text: str, label: str) -> str | None:
        import torch

        question = self.family.explanation.question.replace("{label}", label)
        asked = self.prompt.model_copy(update={"question": question})
        inputs = self._inputs([question_turns(asked, text)], [picture])
        bare = self.model.disable_adapter() if hasattr(self.model, "disable_adapter") else nullcontext()
        with torch.inference_mode(), bare:
            tokens = self.model.generate(
                **inputs,
                max_new_tokens=self.family.explanation.max_new_tokens,
                do_sample=False,
                eos_token_id=self.processor.tokenizer.eos_token_id,
                pad_token_id=self.processor.tokenizer.pad_token_id,
            )
        said = tokens[0, inputs["input_ids"].shape[1] :]
        return self.processor.tokenizer.decode(said, skip_special_tokens=True).strip() or None

    def _features(self, batch: Sequence["Picture"]) -> list[list[float]]:
        import torch

        inputs = self.processor.image_processor(images=list(batch), return_tensors="pt").to(self.model.device)
        with torch.inference_mode():
            seen = self.model.get_image_features(inputs["pixel_values"], inputs["image_grid_thw"])
        return [tokens.float().mean(0).tolist() for tokens in seen.pooler_output]

    def _picture(self, image: bytes | str | Path) -> "Picture":
        return pictures.read(image, pixels=self.family.pixels)

    def _inputs(self, turns: Sequence[list[Message]], images: Sequence["Picture"]) -> dict[str, "Tensor"]:
        texts = [
            self.processor.apply_chat_template(shapes.blocks(one), tokenize=False, add_generation_prompt=True)
            for one in turns
        ]
        # On the left, so that every prompt ends where its answer begins.
        options = {"padding": True, "padding_side": "left", "return_tensors": "pt"}
        inputs = self.processor(text=texts, images=list(images), **options)
        return dict(inputs.to(self.model.device))


def load(folder: str | Path, base: str | Path | None = None) -> QwenStudent:
    """The adapter in `folder` on the base it was trained on, at the precision it was trained at.

    `base` is for a local base that lies elsewhere than training_args.json says. Raises ModelError where
    adapter and base do not fit together or one is missing.
    """
    folder = Path(folder)
    entry = record.read(folder)
    model = lora.load(quantised.load_model(_base(entry, folder, base), entry.family), folder)
    processor = quantised.load_processor(bases.Source(str(folder), None), entry.family.pixels)
    return QwenStudent(entry.labels, entry.family, entry.prompt, model, processor)


def load_base(folder: Path, *, family: Family, labels: Sequence[str], prompt: StudentPrompt) -> QwenStudent:
    """The bare base in `folder`, asked as an adapter would be; ModelError where there is none."""
    source = bases.source(folder)
    model = quantised.load_model(source, family)
    return QwenStudent(tuple(labels), family, prompt, model, quantised.load_processor(source, family.pixels))


def _base(entry: record.Record, folder: Path, base: str | Path | None) -> bases.Source:
    if isinstance(entry.base, bases.HubBase):
        return bases.Source(entry.base.repository, entry.base.revision)
    found = bases.find(entry.base, adapter=folder) if base is None else Path(base)
    bases.check(entry.base, found)
    return bases.source(found)


def _followed_by(inputs: dict[str, "Tensor"], ids: Sequence[int]) -> dict[str, "Tensor"]:
    import torch

    rows = inputs["input_ids"].shape[0]
    tail = torch.tensor([ids] * rows, dtype=torch.long, device=inputs["input_ids"].device).reshape(rows, -1)
    ends = {
        "input_ids": tail,
        "attention_mask": torch.ones_like(tail),
        "mm_token_type_ids": torch.zeros_like(tail),
    }
    return inputs | {
        name: torch.cat([inputs[name], end.to(inputs[name].dtype)], 1) for name, end in ends.items()
    }


def _common_start(answers: Sequence[Sequence[int]]) -> list[int]:
    columns = takewhile(lambda column: len(set(column)) == 1, zip(*answers, strict=False))
    return [column[0] for column in columns]
