"""How a command ends: our own errors and Ctrl-C as one message and a status, a defect with its traceback."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from bizmeme.errors import BizmemeError
from bizmeme.shell.storage import storage_error
from bizmeme.shell.workspace import state_home

_FAILED, _INTERRUPTED = 1, 130


@contextmanager
def errors_as_messages() -> Iterator[None]:
    """Exit with status 1 after a message on an error of ours or of a disk, with 130 after Ctrl-C."""
    try:
        yield
    except BizmemeError as error:
        _end(f"{type(error).__name__}: {error}", _FAILED, error)
    except KeyboardInterrupt:
        _end("Stopped. What was received is kept: run it again to go on.", _INTERRUPTED, None)
    except Exception as failure:
        blamed = storage_error(failure, Path.cwd(), state_home(), Path(tempfile.gettempdir()))
        if blamed is None:
            raise
        _end(f"{type(blamed).__name__}: {blamed}", _FAILED, failure)


def _end(message: str, status: int, cause: BaseException | None) -> NoReturn:
    print(message, file=sys.stderr)  # noqa: T201
    raise SystemExit(status) from cause
