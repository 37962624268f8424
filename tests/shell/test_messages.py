"""How a command ends."""

import errno

import pytest

from bizmeme.errors import DataError
from bizmeme.shell.messages import errors_as_messages


@pytest.mark.parametrize(
    ("failure", "status", "said"),
    [
        (DataError("posts.parquet is broken. Run it again."), 1, "DataError: posts.parquet is broken."),
        (
            OSError(errno.ENOSPC, "No space left on device", "/d/x"),
            1,
            "StorageError: The disk of /d/x is full",
        ),
        (KeyboardInterrupt(), 130, "Stopped."),
    ],
)
def test_what_a_person_can_mend_is_one_message_and_a_status(
    failure: BaseException, status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended, errors_as_messages():
        raise failure
    assert ended.value.code == status
    assert capsys.readouterr().err.startswith(said)


def test_a_defect_keeps_its_traceback() -> None:
    with pytest.raises(KeyError), errors_as_messages():
        raise KeyError("ours")
