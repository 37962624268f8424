"""Every error that bizmeme raises on purpose.

    BizmemeError
    ├── ConfigError        a value in conf/ is wrong, or a name is unknown
    │   └── MissingKeyError    the environment variable of an API key is empty
    ├── DataError          a table, a file or a picture is not what its schema says
    │   └── LabelError         a label outside the vocabulary
    ├── JournalError       the journal belongs to another origin, or cannot be used
    ├── StorageError       a disk is full, read-only, or not ours to write
    ├── ServiceError       an outside system is down, or answers nonsense
    │   ├── TooLongError       its answer is longer than is asked for
    │   ├── RefusedError       it answered with an error status, so nothing was charged
    │   │   └── QuotaError         and so will it answer everything else
    │   ├── ChallengeError     a check for robots stands before the page: the same request may succeed later
    │   └── MarkupError        a web page is not built as its parser knows it: no request will help
    ├── BudgetError        the next request could pass the dollar cap
    ├── GateError          a measured quality lies under its threshold
    └── ModelError         weights, adapter or processor do not fit together

Each message says what is wrong, where, and what to do next. The runner prints it alone, without a
traceback, and exits with status 1; any other exception is a defect of ours and keeps its traceback.
"""


class BizmemeError(Exception):
    """The root of the tree above."""


class ConfigError(BizmemeError):
    """A value in conf/ is wrong, or a name is unknown."""


class MissingKeyError(ConfigError):
    """The environment variable that holds an API key is empty or unset."""


class DataError(BizmemeError):
    """A table, a file or a picture is not what its schema says."""


class LabelError(DataError):
    """A label outside the vocabulary."""


class JournalError(BizmemeError):
    """The journal belongs to another origin, or cannot be used."""


class StorageError(BizmemeError):
    """A disk is full, read-only, or not ours to write."""


class ServiceError(BizmemeError):
    """An outside system is down, or answers nonsense; whether a request was charged is in doubt."""


class TooLongError(ServiceError):
    """An outside system's answer is longer than any that is asked for."""


class RefusedError(ServiceError):
    """An outside system answered with an error status, so nothing was charged."""

    def __init__(self, message: str, *, again: bool, after_s: float | None = None, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason or message  # for a table: without the address, which is not data
        self.again = again  # whether the same request may succeed later
        self.after_s = after_s  # when, where the server said so


class QuotaError(RefusedError):
    """Nothing more will be answered: no credit, no right to ask, no such model."""


class ChallengeError(ServiceError):
    """A check for robots, or an overloaded host's page, stands before the one asked for: wait minutes."""


class MarkupError(ServiceError):
    """A web page is not built as its parser knows it; read on, it would silently give nothing."""


class BudgetError(BizmemeError):
    """The next request could pass the dollar cap."""


class GateError(BizmemeError):
    """A measured quality lies under its threshold."""


class ModelError(BizmemeError):
    """Weights, adapter or processor do not fit together."""
