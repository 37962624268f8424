"""The labelling screen in Label Studio's markup: the picture beside the post's words, choices and keys.

    <View className="post"><Style>…</Style>
      <View className="picture"><Image name="image" value="$image" …/></View>
      <View className="words"><Header value="$subject"/><Text name="text" value="$text"/>
        <Choices name="mood" toName="image" …><Choice value="bearish" hotkey="1"/>…</Choices>
        <View className="keys"><Header value="1, 2, 3 choose …"/>…</View>
        <View className="guideline"><Header value="…"/>…</View></View></View>

What an element shows of a task is the field that its `value` names: `$image`, `$subject`, `$text`, no other.
"""

from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element, SubElement, tostring

from bizmeme.core.vocabulary import Labels

CHOICE = "mood"
"""The name of the choice: `from_name` of every result."""

CHOICE_OF = "image"
"""The name of what is chosen for: `to_name` of every result."""

# Label Studio's own hotkey map (1.23), until a person changes their own in the account's settings.
_KEYS = (
    "{numbers} choose · Ctrl+Enter submits · Ctrl+Space skips",
    "On a Mac: Cmd+Enter submits · Option+Enter skips",
)

# Side panels and toolbar are for drawing regions on pictures: without them the post has the whole window.
# `!important` stands against a style that Label Studio sets on the element itself. No `>` may stand in here:
# it is not unescaped.
_STYLE = """
.lsf-sidepanels { padding-right: 0 !important; }
.lsf-sidepanels__wrapper_align_right, .picture .lsf-toolbar { display: none; }
.post { display: flex; gap: 32px; }
.picture { flex: 0 0 min(560px, 45%); }
.words { flex: 0 1 640px; }
.words .lsf-richtext { font-size: 17px; line-height: 1.45; max-height: 50vh; overflow-y: auto; }
.keys h4, .guideline h4 { font-size: 14px; font-weight: 400; line-height: 1.5; margin: 0 !important; }
.keys h4:first-child { font-weight: 600; }
.guideline { border-left: 3px solid #8886; padding-left: 12px; margin-top: 20px; opacity: 0.8; }
"""
_BLUR = """
.picture .lsf-object { filter: blur(24px); }
.picture:hover .lsf-object { filter: none; }
"""
# Label Studio takes $BTC, anywhere in a value, for a field of the task; not so with a word joiner in it.
_DOLLAR = "$\u2060"
_BLANK = "\u00a0"  # an element without a value is not drawn


def screen(labels: Labels, guideline: str, *, blur: bool) -> str:
    """The label_config of a project; with `blur` pictures are blurred until the mouse is over them."""
    root = Element("View", className="post")
    SubElement(root, "Style").text = _STYLE + (_BLUR if blur else "")
    picture = SubElement(root, "View", className="picture")
    SubElement(picture, "Image", name=CHOICE_OF, value="$image", maxWidth="560px", zoom="false")
    words = SubElement(root, "View", className="words")
    SubElement(words, "Header", value="$subject")
    SubElement(words, "Text", name="text", value="$text")
    _offer(words, labels)
    _write(words, "keys", _keys(labels))
    _write(words, "guideline", guideline.strip().splitlines())
    return tostring(root, encoding="unicode")


def _offer(parent: Element, labels: Labels) -> None:
    how = {"choice": "single-radio", "required": "true", "layout": "vertical"}
    choices = SubElement(parent, "Choices", how, name=CHOICE, toName=CHOICE_OF)
    for number, name in enumerate(labels.names, 1):
        SubElement(choices, "Choice", value=name, hotkey=str(number))


def _keys(labels: Labels) -> Iterator[str]:
    numbers = ", ".join(str(number) for number, _ in enumerate(labels.names, 1))
    yield from (line.format(numbers=numbers) for line in _KEYS)


def _write(parent: Element, kind: str, lines: Iterable[str]) -> None:
    """A line an element: a line break inside of an attribute is a space to an XML parser."""
    block = SubElement(parent, "View", className=kind)
    for line in lines:
        SubElement(block, "Header", size="6", value=line.replace("$", _DOLLAR) or _BLANK)
