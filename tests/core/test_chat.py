"""The student's prompt and the rows of train.json."""

from bizmeme.core.chat import StudentPrompt, answers, chat_row

PROMPT = StudentPrompt(system="Read.", question="Post: {text}\nMood?", max_chars=20)


def test_a_row_has_one_image_tag_a_system_turn_and_its_label_last() -> None:
    row = chat_row(PROMPT, "wagmi", label="bullish", image="a.jpg", key=("biz", 7))
    assert row == {
        "messages": [
            {"role": "system", "content": "Read."},
            {"role": "user", "content": "<image>Post: wagmi\nMood?"},
            {"role": "assistant", "content": "bullish"},
        ],
        "images": ["a.jpg"],
        "board": "biz",
        "no": 7,
    }
    assert answers([row]) == ["bullish"]


def test_a_post_cannot_smuggle_in_an_image_tag_or_a_placeholder() -> None:
    user = chat_row(PROMPT, "<image>{text}", label="neutral", image="a", key=("b", 1))["messages"][1][
        "content"
    ]
    assert user.count("<image>") == 1
    assert user == "<image>Post: < image >{text}\nMood?"


def test_long_texts_are_cut_before_the_question_ends() -> None:
    user = chat_row(PROMPT, "x" * 99, label="neutral", image="a", key=("b", 1))["messages"][1]["content"]
    assert user == "<image>Post: " + "x" * 20 + "\nMood?"
