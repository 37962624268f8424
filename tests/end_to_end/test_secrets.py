"""Planted keys: sent where they belong, found nowhere else, whatever goes wrong."""

import base64
import secrets
import subprocess
from pathlib import Path

import polars as pl
import pytest

from tests.end_to_end.project import Project

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

VARIABLES = (
    "OPENAI_API_KEY",
    "GEMINI_API_KEY",
    "LABEL_STUDIO_API_KEY",
    "AWS_SECRET_ACCESS_KEY",
    "SOME_OTHER_KEY",
)
SECRETS = {
    name: f"planted-{secrets.token_hex(12)}" for name in VARIABLES
}  # this file stands in the clone, too
WORLD = "conf/sandbox/small.yaml"
TROUBLES = {
    "openai": ("wrong_key", "quota", "error", "hang_up", "garbage"),
    "gemini": ("wrong_key", "quota", "error", "hang_up", "garbage"),
    "label_studio": ("wrong_key", "error", "hang_up", "garbage"),
}
STAGE = {"openai": "auto_label", "gemini": "auto_label", "label_studio": "export_labels"}
PILOT = 40  # requests, and a few more: then the bulk begins


@pytest.fixture
def keyed(finished: Project, tmp_path: Path) -> Project:
    """A clone of the finished project whose services are asked with planted keys."""
    project = Project.cloned(finished.folder, tmp_path / "keyed")
    project.dvc(
        "remote", "add", "--local", "--default", "near", str(finished.folder / ".dvc/cache/files/md5")
    )
    project.environment = dict(SECRETS)
    for service, key in (
        ("labeller/openai", "OPENAI_API_KEY"),
        ("labeller/gemini", "GEMINI_API_KEY"),
        ("annotator/label_studio", "LABEL_STUDIO_API_KEY"),
    ):
        project.edit(f"conf/{service}.yaml", "api_key_env: BIZMEME_SANDBOX_KEY", f"api_key_env: {key}")
    return project


def test_a_planted_secret_is_found_in_no_file_no_record_and_no_word(keyed: Project, tmp_path: Path) -> None:
    said = [keyed.dvc("repro")]  # everything, with the keys in use
    for server, troubles in TROUBLES.items():
        for trouble in troubles:
            done = gone_wrong(keyed, STAGE[server], server, trouble, after=0)
            said += [done.stdout, done.stderr]
    for server in ("openai", "gemini"):  # and in the middle of making a batch
        done = gone_wrong(
            keyed, "auto_label", server, "wrong_key", f"labeller.{server}.mode=batch", after=PILOT
        )
        said += [done.stdout, done.stderr]
    done = gone_wrong(keyed, "plan", "gemini", "wrong_key", "--pilot", after=5)
    said += [done.stdout, done.stderr]
    keyed.edit(
        WORLD, "faults: []", "faults: [{server: openai, trouble: wrong_key, after: 9, times: null, share: 1}]"
    )
    done = keyed.run("dvc", "repro", check=False)
    assert done.returncode != 0
    said += [done.stdout, done.stderr]
    keyed.git("checkout", "--force", WORLD, "params.yaml")
    keyed.commit("keys by name")
    said.append(keyed.dvc("exp", "run", "--queue", "-S", "train.steps=8"))
    said.append(keyed.dvc("exp", "run", "--run-all"))
    said.append(keyed.run("bizmeme", "train", "-m", "experiment=small", "train.steps=4,5").stdout)
    assert [text for text in said if found(text.encode())] == []
    assert [path for path in files(keyed.folder) if found(contents(path))] == []
    assert found(git_objects(keyed)) == []


def test_the_search_finds_what_is_hidden(tmp_path: Path) -> None:
    secret = SECRETS["OPENAI_API_KEY"]
    pl.DataFrame({"reason": [f"refused: {secret}"]}).write_parquet(tmp_path / "a.parquet", compression="zstd")
    (tmp_path / "b.txt").write_bytes(b"x" + base64.b64encode(secret.encode()) + b"x")
    assert found(contents(tmp_path / "a.parquet")) == ["OPENAI_API_KEY"]
    assert found(contents(tmp_path / "b.txt")) == ["OPENAI_API_KEY"]


def gone_wrong(
    project: Project, command: str, server: str, trouble: str, *overrides: str, after: int
) -> "subprocess.CompletedProcess[str]":
    """Run a command in a world in which a server has a trouble from so many requests on."""
    fault = f"[{{server: {server}, trouble: {trouble}, after: {after}, times: null, share: 1}}]"
    forget_replies(project)
    asked = (f"auto_label.labellers=[{server}]",) if server != "label_studio" else ()
    done = project.run("bizmeme", command, "experiment=small", f"sandbox.serving.faults={fault}",
                       "auto_label.asking.tries=1", *asked, *overrides, check=False)  # fmt: skip
    assert done.returncode == 1, (command, server, trouble, done.stdout)
    assert ("key" in done.stderr.lower()) or trouble != "wrong_key"
    return done


def forget_replies(project: Project) -> None:
    """Leave the vision API everything to answer again."""
    for journal in (project.folder / ".bizmeme" / "journals").glob("*"):
        journal.unlink()


def found(data: bytes) -> list[str]:
    """The variables whose value stands in there, plain or in base64."""
    return [
        name
        for name, secret in SECRETS.items()
        if secret.encode() in data or base64.b64encode(secret.encode()).rstrip(b"=")[:-1] in data
    ]


def files(folder: Path) -> list[Path]:
    """Every file below, hidden folders included."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def contents(path: Path) -> bytes:
    """A file's bytes; of a table also what is compressed in it."""
    data = path.read_bytes()
    if not data.startswith(b"PAR1"):
        return data
    table = pl.read_parquet(path).with_columns(pl.selectors.binary().bin.encode("base64"))
    return data + "\n".join(map(str, table.rows())).encode()


def git_objects(project: Project) -> bytes:
    """Everything that git holds, unpacked: it compresses its objects."""
    command = ["git", "cat-file", "--batch-all-objects", "--batch"]
    return subprocess.run(command, cwd=project.folder, check=True, capture_output=True, timeout=120).stdout
