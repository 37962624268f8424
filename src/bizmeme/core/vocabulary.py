"""The closed vocabulary of labels, in their fixed order: bearish, neutral, bullish.

Every row of every table and every class index of every metric follows the order of `labels.names` in
conf/labels/.
"""

import difflib
from typing import Annotated

from pydantic import Field

from bizmeme.core.settings import Section
from bizmeme.errors import LabelError


class Labels(Section):
    """The vocabulary; what its words mean stands in the section `guideline`."""

    name: str
    """The file under conf/labels/ that holds this vocabulary."""

    names: Annotated[tuple[str, ...], Field(min_length=2)]
    """The labels, lower case, in the order of every class index."""

    def check(self, word: str, *, where: str) -> str:
        """Return `word` if it is a label; raise LabelError naming `where` and the nearest label otherwise."""
        if word in self.names:
            return word
        near = difflib.get_close_matches(word, self.names, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise LabelError(
            f"'{word}' is not a label of conf/labels/{self.name}.yaml ({', '.join(self.names)}).{hint} "
            f"Fix {where}, or add the label."
        )
