"""Where a stage reads and writes."""

from pathlib import Path

import pytest

from bizmeme.errors import DataError
from bizmeme.shell.workspace import Workspace, state_home


def workspace(folder: Path) -> Workspace:
    return Workspace(root=folder, out=folder / "out", home=folder / "home", origin="real")


def test_a_missing_input_names_itself_and_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data/posts\.parquet is missing\. Run `dvc repro`"):
        workspace(tmp_path).read("data/posts.parquet")


def test_outputs_go_to_their_own_root(tmp_path: Path) -> None:
    target = workspace(tmp_path).write("metrics/a/b.json")
    assert target == tmp_path / "out" / "metrics" / "a" / "b.json"
    assert target.parent.is_dir()


def test_checkpoints_belong_to_inputs_and_parameters(tmp_path: Path) -> None:
    here, data = workspace(tmp_path), tmp_path / "data"
    data.mkdir()
    (data / "a").write_bytes(b"1")
    first = here.checkpoints(of=[data], parameters={"r": 8})
    assert first == here.checkpoints(of=[data], parameters={"r": 8})
    assert first != here.checkpoints(of=[data], parameters={"r": 16})
    (data / "a").write_bytes(b"2")
    assert first != here.checkpoints(of=[data], parameters={"r": 8})


def test_state_lies_below_dvc_root_unless_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("BIZMEME_HOME", "DVC_ROOT"):
        monkeypatch.delenv(name, raising=False)
    assert state_home() == tmp_path / ".bizmeme"
    monkeypatch.setenv("DVC_ROOT", "/elsewhere")
    assert state_home() == Path("/elsewhere/.bizmeme")
    monkeypatch.setenv("BIZMEME_HOME", str(tmp_path / "state"))
    assert state_home() == tmp_path / "state"
