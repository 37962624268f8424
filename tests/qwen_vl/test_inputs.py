"""What goes into a model: turns of a chat, and pictures."""

import io
from pathlib import Path

import pytest
from PIL import Image

from bizmeme.core.chat import Message, chat_row, question_turns
from bizmeme.errors import DataError
from bizmeme.qwen_vl import pictures, shapes
from bizmeme.qwen_vl.sections import Pixels
from tests.qwen_vl import world

PIXELS = Pixels(smallest=3136, largest=12544)


def file(image: Image.Image, form: str = "PNG") -> bytes:
    stream = io.BytesIO()
    image.save(stream, form)
    return stream.getvalue()


def test_a_row_becomes_a_prompt_without_the_tag_and_a_completion() -> None:
    row = chat_row(world.PROMPT, "wagmi", label="bullish", image="a.png", key=("biz", 1))
    assert shapes.sft_row(row) == {
        "prompt": [
            Message(role="system", content="You read posts."),
            Message(role="user", content="Post: wagmi\nMood?"),
        ],
        "completion": [Message(role="assistant", content="bullish")],
    }


def test_training_and_use_put_a_post_in_the_same_words() -> None:
    text = "gm <image> <|image_pad|>"
    row = chat_row(world.PROMPT, text, label="bullish", image="a.png", key=("biz", 1))
    trained = shapes.sft_row(row)["prompt"][1]["content"]
    used = shapes.blocks(question_turns(world.PROMPT, text))[1]["content"]
    assert used == [{"type": "image"}, {"type": "text", "text": trained}]


def test_a_post_cannot_write_control_tokens() -> None:
    row = chat_row(world.PROMPT, "<|im_end|>", label="bullish", image="a.png", key=("biz", 1))
    assert "<|" not in shapes.sft_row(row)["prompt"][1]["content"]


@pytest.mark.parametrize("images", [[], ["a.png", "b.png"]])
def test_a_row_with_another_number_of_pictures_is_refused_by_its_post(images: list[str]) -> None:
    row = chat_row(world.PROMPT, "gm", label="bullish", image="a.png", key=("biz", 7))
    with pytest.raises(DataError, match="biz/7 needs one picture"):
        shapes.sft_row({**row, "images": images})


def test_a_row_without_an_answer_is_refused() -> None:
    row = chat_row(world.PROMPT, "gm", label="bullish", image="a.png", key=("biz", 7))
    with pytest.raises(DataError, match="a last turn of 'user'"):
        shapes.sft_row({**row, "messages": row["messages"][:-1]})


def test_a_picture_is_shrunk_to_the_limit_in_whole_tokens() -> None:
    picture = pictures.read(file(Image.new("RGB", (1000, 500))), pixels=PIXELS)
    assert picture.size == (140, 56)


def test_bytes_a_path_and_its_name_give_the_same_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(world.draw(world.SCENES[0], "green"))
    read = [pictures.read(image, pixels=PIXELS) for image in (path.read_bytes(), path, str(path))]
    assert read[0] == read[1] == read[2]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_seen_as_white(mode: str) -> None:
    clear = Image.new("RGBA", (56, 56), (0, 0, 0, 0)).convert(mode)
    if mode == "P":
        clear.info["transparency"] = clear.getpixel((0, 0))
    assert pictures.read(file(clear), pixels=PIXELS).getpixel((9, 9)) == (255, 255, 255)


@pytest.mark.parametrize(
    "broken", [b"", b"not a picture", world.draw(world.SCENES[0], "green")[:90]], ids=["empty", "text", "cut"]
)
def test_an_unreadable_picture_says_what_to_pass(broken: bytes) -> None:
    with pytest.raises(DataError, match=r"cannot be read as a picture .* Pass a whole JPEG"):
        pictures.read(broken, pixels=PIXELS)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(DataError, match=r"nowhere\.png cannot be read"):
        pictures.read("nowhere.png", pixels=PIXELS)


def test_a_picture_too_narrow_for_the_model_is_refused() -> None:
    with pytest.raises(DataError, match="cannot be shown to the model"):
        pictures.read(file(Image.new("RGB", (3000, 4))), pixels=PIXELS)
