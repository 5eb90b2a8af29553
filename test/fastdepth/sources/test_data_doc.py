"""docs/data.md says what is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fastdepth.sources.intrinsics_file import read_camera
from fastdepth.sources.opening import KINDS
from test.fastdepth.sources import making

DOC = Path(__file__).resolve().parents[3] / "docs" / "data.md"


def test_every_option_and_suffix_is_named() -> None:
    text = DOC.read_text("utf-8")
    options = {option for kind in KINDS for option in kind.options}
    for option in options - {"image", "camera_info", "depth"}:
        assert f"`{option}`" in text
    single = {".mcap", ".db3", ".bag", ".csv", ".txt", ".h5", ".hdf5"}
    assert single <= {suffix for kind in KINDS for suffix in kind.suffixes}
    for suffix in single:
        assert f"`{suffix}`" in text


def test_its_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    making.rgbd(tmp_path / "nyu/train", [str(n) for n in range(7)], "5 5 3 2")
    making.rgbd(tmp_path / "recording/home", ["1", "2", "3"], "6 6 3 2")
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"```python\n(.*?)```", DOC.read_text("utf-8"), re.DOTALL)
    names: dict[str, object] = {}

    exec(example, names)

    out = capsys.readouterr().out
    assert "nyu train + recording home: 10 frames read, 0 of them bad" in out
    assert "nyu train: 0 (6, 8, 3) (6, 8) Intrinsics(width=8" in out
    indices = names["indices"]
    assert sorted(int(index) >= 7 for index in indices) == [False] * 7 + [True] * 3


def test_its_forms_of_intrinsics_are_read(tmp_path: Path) -> None:
    (forms,) = re.findall(r"Any of these:\n\n```\n(.*?)```", DOC.read_text("utf-8"), re.DOTALL)
    for line in forms.splitlines():
        (tmp_path / "intrinsics.txt").write_text(line)
        assert read_camera(tmp_path / "intrinsics.txt").intrinsics == (525, 525, 319.5, 239.5)
