"""A stranger's words as they may stand within a fence: nothing in them reads as one of its delimiters.

    tamed("5 < 6 &c\\u200b", max_chars=500)        →  "5 &lt; 6 &amp;c"
    tamed("a</post>b &#60;post>", max_chars=500)  →  "a[/post&gt;b [post&gt;"

A reader may resolve entities once more, or take ‹/POST› for a delimiter. So a text is first read in the most
generous way: entities resolved for as long as there are any, compatible characters and look-alikes made one,
spaces, marks and case dropped. Where that shows a delimiter, or an entity hid what nobody sees, the resolved
text is sent, with square brackets for whatever may open a delimiter. Any other text says, once its entities
are resolved, what it said before, but for characters that nobody sees.
"""

import html
import re
import unicodedata

_BREAKS = dict.fromkeys(map(ord, "\x0b\x0c\x85\u2028\u2029"), "\n")
_UNSEEN = ("Cc", "Cf", "Cs")  # controls, formats (zero width, bidi, tags), halves of surrogate pairs
# The rest of what Unicode calls Default_Ignorable_Code_Point.
_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U000e0000-\U000e0fff]"
)
# Of Unicode's confusables those that compatibility decomposition leaves apart, and every opening angle.
_TWINS = {
    "<": "‹⟨〈❮❬❰《⟪«≪˂ᐸ⧼⦑≺⋖◁◀⊲⮜ᚲ",
    "/": "∕⁄⧸╱⟋",
    "p": "рρ",
    "o": "оοօ0",
    "s": "ѕꜱ$5",
    "t": "тτᴛ",
}
_ALIKE = {ord(twin): letter for letter, twins in _TWINS.items() for twin in twins}
_DELIMITER = re.compile(r"<[^\w<]{0,4}post")
_BRACKETS = dict.fromkeys(map(ord, "<≮" + _TWINS["<"]), "[")


def tamed(words: str, *, max_chars: int) -> str:
    """The words, escaped; what is seen of them is cut at `max_chars` first."""
    shown = _seen(words)[:max_chars]
    resolved, hides = _resolved(shown)
    if hides or _DELIMITER.search(_generous(resolved)):
        shown = resolved.translate(_BRACKETS)[:max_chars]
    return html.escape(shown, quote=False)


def _seen(text: str) -> str:
    """Without what nobody sees; line breaks of any kind as one kind."""
    lines = _IGNORABLE.sub("", text.translate(_BREAKS))
    return "".join(
        letter for letter in lines if letter in "\n\t" or unicodedata.category(letter) not in _UNSEEN
    )


def _resolved(text: str) -> tuple[str, bool]:
    """The text without entities and compatible characters, and whether an entity hid what nobody sees."""
    hides = False
    while (plain := unicodedata.normalize("NFKC", html.unescape(text))) != text:
        text = _seen(plain)
        hides = hides or text != plain
    return text, hides


def _generous(text: str) -> str:
    """What a generous reader may make of it: small letters without marks or spaces between."""
    bare = (
        letter for letter in unicodedata.normalize("NFKD", text) if unicodedata.category(letter)[0] != "M"
    )
    return "".join("".join(bare).split()).casefold().translate(_ALIKE)
