"""What people already have: tables, thread dumps, databases and label files, read row by row.

    build(rules).open(Path("posts.db"))   →   dumps, whose batches hold posts, labels, replies, refused rows

The kind of a file is recognised by its content (kinds.py). They give plain data (ports/imports.py).
"""

from pathlib import Path

from bizmeme.dumps.kinds import opened
from bizmeme.dumps.pictures import PictureFolder
from bizmeme.errors import ConfigError
from bizmeme.ports.imports import Dump, Rules


class Reader:
    """ports.Dumps."""

    def __init__(self, rules: Rules) -> None:
        strange = sorted(set(rules.how.ratings.values()) - set(rules.labels))
        if strange:
            raise ConfigError(
                f"imports.ratings: {', '.join(strange)} is no label ({', '.join(rules.labels)}). "
                "Fix it in conf/imports/ or in the file that --map names."
            )
        self._rules = rules

    def open(self, path: Path) -> list[Dump]:
        """The file, or the files of a folder; raises DataError where it is of no known kind."""
        return opened(path, self._rules)

    def pictures(self, folder: Path | None) -> PictureFolder:
        """The pictures in a folder, or none."""
        return PictureFolder(folder, self._rules)


def build(rules: Rules) -> Reader:
    """A reader that goes by these rules."""
    return Reader(rules)
