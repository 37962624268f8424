""".ci/clone: a folder of its own, never somebody else's."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def clone(folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [ROOT / ".ci" / "clone", folder], capture_output=True, text=True, check=False, timeout=60
    )


def test_a_clone_has_the_small_world_and_no_results_of_this_checkout(tmp_path: Path) -> None:
    ours = (ROOT / "conf/config.yaml").read_text()
    assert "- experiment: small\n" not in ours
    assert clone(tmp_path / "try").returncode == 0
    assert "- experiment: small\n" in (tmp_path / "try/conf/config.yaml").read_text()
    assert (ROOT / "conf/config.yaml").read_text() == ours
    assert (tmp_path / "try/src/bizmeme/__main__.py").exists()
    assert not (tmp_path / "try/dvc.lock").exists()
    assert not (tmp_path / "try/metrics").exists()


def test_a_second_call_brings_files_up_to_date_and_keeps_results(tmp_path: Path) -> None:
    assert clone(tmp_path / "try").returncode == 0
    (tmp_path / "try/dvc.lock").write_text("mine")
    (tmp_path / "try/src/bizmeme/gone.py").write_text("")
    (tmp_path / "try/dvc.yaml").write_text("old")
    assert clone(tmp_path / "try").returncode == 0
    assert (tmp_path / "try/dvc.lock").read_text() == "mine"
    assert not (tmp_path / "try/src/bizmeme/gone.py").exists()
    assert (tmp_path / "try/dvc.yaml").read_text() == (ROOT / "dvc.yaml").read_text()


def test_a_folder_that_it_did_not_make_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    done = clone(tmp_path)
    assert done.returncode == 1
    assert "was not made by .ci/clone" in done.stderr
    assert (tmp_path / "src").exists()


def test_a_checkout_is_never_its_own_clone(tmp_path: Path) -> None:
    """Not even one that it made: its sources would be gone before they are copied."""
    assert clone(tmp_path / "try").returncode == 0
    own = [tmp_path / "try" / ".ci" / "clone", tmp_path / "try"]
    done = subprocess.run(own, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "is this checkout itself" in done.stderr
    assert (tmp_path / "try" / "src" / "bizmeme" / "__main__.py").exists()
