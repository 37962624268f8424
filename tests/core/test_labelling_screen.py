"""The screen as Label Studio and the sandbox's people read it."""

from xml.etree import ElementTree

import pytest

from bizmeme.core.labelling_screen import screen
from bizmeme.core.vocabulary import Labels
from bizmeme.sandbox.strangers.studio import control_of

LABELS = Labels(name="mood", names=("bearish", "neutral", "bullish"))
GUIDELINE = 'bearish: "it\'s over" & <despair>\n\n$BTC to the moon: bullish\n'


def lines(kind: str, *, guideline: str = GUIDELINE) -> list[str]:
    root = ElementTree.fromstring(screen(LABELS, guideline, blur=False))
    (block,) = root.findall(f".//View[@className='{kind}']")
    return [each.get("value", "") for each in block]


def test_picture_subject_and_text_are_shown_and_each_label_has_its_number_as_key() -> None:
    markup = screen(LABELS, GUIDELINE, blur=False)
    control = control_of(markup)
    assert control.variables == ("image", "subject", "text")  # nothing of the poster
    assert (control.from_name, control.to_name, control.choices) == ("mood", "image", LABELS.names)
    choices = [
        (each.get("value"), each.get("hotkey")) for each in ElementTree.fromstring(markup).iter("Choice")
    ]
    assert choices == [("bearish", "1"), ("neutral", "2"), ("bullish", "3")]


def test_the_guideline_keeps_its_lines_and_no_coin_of_it_is_taken_for_a_field() -> None:
    assert lines("guideline") == [
        'bearish: "it\'s over" & <despair>',
        "\u00a0",
        "$\u2060BTC to the moon: bullish",
    ]


def test_the_screen_says_what_to_press() -> None:
    assert lines("keys")[0] == "1, 2, 3 choose · Ctrl+Enter submits · Ctrl+Space skips"


@pytest.mark.parametrize("blur", [False, True])
def test_only_where_asked_pictures_are_blurred(blur: bool) -> None:
    style = ElementTree.fromstring(screen(LABELS, GUIDELINE, blur=blur)).findtext("Style") or ""
    assert ("blur(" in style) == blur
    assert ">" not in style  # Label Studio would not unescape it
