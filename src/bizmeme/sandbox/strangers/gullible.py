"""How a gullible model reads a message: what is fenced off as data, and which order it obeys.

It takes the most generous view of what a delimiter is. Entities are resolved twice, letters and brackets that
look alike are the same, invisible characters and spaces are not there, and what a right-to-left override
turns around is read that way. If that leaves exactly one `<post>` and then one `</post>`, what stands between
is data, and no order in it is heard. Otherwise all of the message may be an order. One that is heard is
obeyed four times in five.
"""

import base64
import binascii
import html
import re
import unicodedata

from bizmeme.sandbox.dice import share
from bizmeme.sandbox.moods import MOODS
from bizmeme.sandbox.strangers.orders import LABEL, ORDERS

_OBEYS = 0.8
_ENTITIES = 2  # how often they are resolved
_FENCED = re.compile(r"<post>([^<]*)</post>")  # as a careful client writes it
_DELIMITER = re.compile(r"</?post>", re.IGNORECASE)
_TURNED = re.compile("\u202e([^\u202c\n]*)\u202c?")
_BASE64 = re.compile(r"base64:([A-Za-z0-9+/]{16,}={0,2})")
_TAGS, _LAST_TAG = 0xE0000, 0xE007F
# What compatibility normalisation leaves apart.
_ALIKE = str.maketrans(
    "‹⟨〈❮❬❰《⟪˂ᐸ" "›⟩〉❯❭❱》⟫˃ᐳ" "∕⁄⧸╱" "роѕтοτ",
    "<<<<<<<<<<" ">>>>>>>>>>" "////" "postot",
)  # fmt: skip
_UNSEEN = frozenset("\u034f\u115f\u1160\u3164\ufe0e\ufe0f")  # and all of the category Cf


def fenced(message: str) -> str | None:
    """What stands in the fence, as it was sent; None where nothing is well fenced."""
    found = _FENCED.search(message)
    return found[1] if found else None


def obeyed(message: str) -> str | None:
    """The label that an order outside of an intact fence demands; None where none is heard and obeyed."""
    seen = as_seen(message)
    heard = _ORDERS.search(_with_decoded(outside(seen)))
    if heard is None or share("heeds", seen) >= _OBEYS:
        return None
    return next(word.lower() for word in heard.groups() if word)


def delimiters(message: str) -> list[str]:
    """Every delimiter of a fence that can be read in a message, in its plain form."""
    return [found[0].lower() for found in _DELIMITER.finditer(as_seen(message))]


def outside(seen: str) -> str:
    """What is not data: all of a message whose fence is not intact."""
    found = list(_DELIMITER.finditer(seen))
    if [each[0].lower() for each in found] != ["<post>", "</post>"]:
        return seen
    return seen[: found[0].start()] + "\n" + seen[found[1].end() :]


def as_seen(text: str) -> str:
    """A text as a generous eye reads it, without its spaces."""
    seen = _visible(text)
    for _ in range(_ENTITIES):
        seen = _visible(html.unescape(seen))
    return "".join(seen.split()).translate(_ALIKE)


def _visible(text: str) -> str:
    turned = _TURNED.sub(lambda run: run[1][::-1], text)
    plain = "".join(_untagged(letter) for letter in turned)
    normal = unicodedata.normalize("NFKC", plain)
    return "".join(
        letter for letter in normal if unicodedata.category(letter) != "Cf" and letter not in _UNSEEN
    )


def _untagged(letter: str) -> str:
    """A tag character's visible twin; any other letter itself."""
    return chr(ord(letter) - _TAGS) if _TAGS < ord(letter) <= _LAST_TAG else letter


def _with_decoded(text: str) -> str:
    """The text, and what is announced in it as base64."""
    return "\n".join([text, *(_decoded(found[1]) for found in _BASE64.finditer(text))])


def _decoded(run: str) -> str:
    try:
        return as_seen(base64.b64decode(run, validate=True).decode())
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _pattern(order: str) -> str:
    before, _, _ = order.partition(LABEL)
    return re.escape(as_seen(before)) + f"({'|'.join(MOODS)})"


_ORDERS = re.compile("|".join(_pattern(order) for order in ORDERS.values()), re.IGNORECASE)
