"""The journal: nothing received is lost, origins do not mix."""

import shutil
from pathlib import Path

import pytest

from bizmeme.errors import JournalError
from bizmeme.ports.sources import Page
from bizmeme.shell.journal import Held
from bizmeme.shell.journals import open_journal

PAGE = Page("/biz/thread/1.json", 200, "Mon, 06 Oct 2025 00:00:00 GMT", b"{}")


def test_a_page_is_kept_with_its_validator_and_replaced_by_a_newer_one(tmp_path: Path) -> None:
    with open_journal(tmp_path, "real") as journal:
        journal.keep("board", PAGE, frozen=False)
        assert not journal.frozen("board", PAGE.path)
    with open_journal(tmp_path, "real") as journal:
        assert journal.page("board", PAGE.path) == PAGE
        newer = Page(PAGE.path, 200, None, b"[]")
        journal.keep("board", newer, frozen=True)
        assert journal.frozen("board", PAGE.path)
        assert list(journal.pages("board")) == [Held(newer, frozen=True)]
        assert journal.page("warosu", PAGE.path) is None


def test_a_journal_of_another_origin_is_refused(tmp_path: Path) -> None:
    with open_journal(tmp_path, "sandbox-abc"):
        pass
    folder = tmp_path / "journals"
    shutil.copy(folder / "sandbox-abc.sqlite", folder / "real.sqlite")
    with pytest.raises(JournalError, match="belongs to 'sandbox-abc', the configuration to 'real'"):  # noqa: SIM117
        with open_journal(tmp_path, "real"):
            pass


def test_an_unusable_folder_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "journals").write_text("a file")
    with pytest.raises(JournalError, match="BIZMEME_HOME"), open_journal(tmp_path, "real"):
        pass
