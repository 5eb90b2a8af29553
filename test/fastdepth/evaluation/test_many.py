from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("rosbags", reason="the bags extra is not installed")

from fastdepth.cli.main import main
from fastdepth.evaluation.many import expand, make_jobs
from test.fastdepth.evaluation import making
from test.mock_model import build_mock_model, mock_card

FRAMES = 300


@pytest.fixture
def bags(tmp_path: Path) -> Path:
    """Make a folder of two bags and one that is damaged."""
    folder = tmp_path / "bags"
    for name, scale in (("kitchen", 1.0), ("office", 1.25)):
        making.write_bag(
            folder / name, 3 if name == "kitchen" else 1, lambda _, p, s=scale: p / p.dtype.type(s)
        )
    (folder / "broken").mkdir()
    (folder / "broken" / "metadata.yaml").write_text("rosbag2_bagfile_information: 1\n")
    return folder


def evaluate(bags: Path, tmp_path: Path, *options: str) -> int:
    model = making.model(tmp_path)
    out = str(tmp_path / "out")
    return main(
        ["evaluate", str(bags), "--model", str(model), "--threads", "1", "--out", out, *options]
    )


@pytest.mark.parametrize("how", [(), ("--jobs", "2")])
def test_a_failed_bag_is_named_and_the_others_go_on(
    bags: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], how: tuple[str, ...]
) -> None:
    assert evaluate(bags, tmp_path, *how) == 1

    out, err = capsys.readouterr()
    assert "broken: failed: bag" in err
    assert "kitchen" in out
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["failed"] == ["broken"]
    assert list(summary["sources"]) == ["broken", "kitchen", "office"]
    assert summary["sources"]["office"]["abs_rel"] == pytest.approx(0.25, rel=1e-5)
    # Each frame counts once: three of the kitchen, one of the office.
    assert summary["mean"]["abs_rel"] == pytest.approx(0.25 / 4, rel=1e-4)
    assert summary["mean"]["frames"] == 4
    page = (tmp_path / "out" / "summary.html").read_text()
    assert 'href="office/report.html"' in page
    assert (tmp_path / "out" / "office" / "report.html").exists()
    assert not (tmp_path / "out" / "broken").exists()


def test_a_second_run_repeats_only_what_is_not_done(
    bags: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate(bags, tmp_path)
    done = tmp_path / "out" / "office" / "metrics.json"
    before = {name: (tmp_path / "out" / name).stat().st_ino for name in ("kitchen", "office")}
    figures = json.loads(done.read_text())
    done.write_text(json.dumps(figures | {"partial": True}))
    capsys.readouterr()

    assert evaluate(bags, tmp_path) == 1

    out = capsys.readouterr().out
    assert "kitchen: (done before)" in out
    assert "office: (done before)" not in out
    after = {name: (tmp_path / "out" / name).stat().st_ino for name in ("kitchen", "office")}
    assert after["kitchen"] == before["kitchen"]
    assert after["office"] != before["office"]
    assert not json.loads(done.read_text())["partial"]
    evaluate(bags, tmp_path, "--again")
    assert "done before" not in capsys.readouterr().out
    evaluate(bags, tmp_path, "--align", "median")
    assert "done before" not in capsys.readouterr().out


def test_one_finished_source_is_not_evaluated_again(
    bags: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kitchen = bags / "kitchen"
    assert evaluate(kitchen, tmp_path) == 0
    first = (tmp_path / "out").stat().st_ino
    capsys.readouterr()
    assert evaluate(kitchen, tmp_path, "--json", str(tmp_path / "again.json")) == 0
    assert "has this evaluation already" in capsys.readouterr().out
    assert (tmp_path / "out").stat().st_ino == first
    assert json.loads((tmp_path / "again.json").read_text())["frames"] == 3


def test_several_sources_need_a_folder(
    bags: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(making.model(tmp_path))
    assert main(["evaluate", str(bags), "--model", model]) == 1
    assert "name one with --out" in capsys.readouterr().err


def test_bags_are_found_in_a_folder_and_names_are_unique(tmp_path: Path) -> None:
    one = making.write_bag(tmp_path / "a" / "run", 1)
    two = making.write_bag(tmp_path / "b" / "run", 1)
    file = one / "run.mcap"
    assert file.exists()
    loose = tmp_path / "loose"
    loose.mkdir()
    for name in ("x", "y"):
        (loose / f"{name}.mcap").write_bytes(file.read_bytes())
    assert expand([tmp_path / "a"]) == [one]
    assert expand([one]) == [one]
    assert expand([loose]) == [loose / "x.mcap", loose / "y.mcap"]
    jobs = make_jobs([one, two], making.options(tmp_path), tmp_path / "out", again=False)
    assert [job.out.name for job in jobs] == ["run-1", "run-2"]


def test_ray_evaluates_like_one_process(
    bags: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray", reason="the cluster extra is not installed")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    assert evaluate(bags, tmp_path, "--cluster", "ray") == 1
    assert "broken: failed: bag" in capsys.readouterr().err
    with_ray = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert evaluate(bags, tmp_path, "--again") == 1
    without = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert with_ray["mean"] == without["mean"]
    assert with_ray["failed"] == without["failed"]


@pytest.mark.parametrize("how", ["one", "processes"])
def test_ctrl_c_leaves_partial_reports(tmp_path: Path, how: str) -> None:
    """A slow model, so that the signal comes in the middle whatever the machine does."""
    card = mock_card(width=160, height=120)
    model = build_mock_model(tmp_path / "slow.onnx", card, work=12)
    making.write_bag(tmp_path / "bags" / "a", FRAMES)
    for name in () if how == "one" else ("b", "c"):
        shutil.copytree(tmp_path / "bags" / "a", tmp_path / "bags" / name)
    out = tmp_path / "out"
    source = tmp_path / "bags" / "a" if how == "one" else tmp_path / "bags"
    command = [sys.executable, "-m", "fastdepth", "evaluate", str(source), "--model", str(model)]
    command += ["--threads", "1", "--record-rate", "0", "--out", str(out)]
    if how == "processes":
        command += ["--jobs", "2"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        deadline = time.monotonic() + 120
        # frames.csv grows in the folder that is being filled.
        while not any(file.stat().st_size for file in tmp_path.rglob(".*/*/frames.csv")):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)
        output, errors = process.communicate(timeout=120)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    folders = [out] if how == "one" else [f.parent for f in out.glob("*/metrics.json")]
    assert folders
    for folder in folders:
        figures = json.loads((folder / "metrics.json").read_text())
        assert figures["partial"]
        assert 0 < figures["frames"] < FRAMES
        assert figures["total"] == FRAMES
        assert (folder / "report.html").exists()
    if how == "processes":
        summary = json.loads((out / "summary.json").read_text())
        assert "c" in summary["sources"]
        assert "frames" not in summary["sources"]["c"]
        assert "not reached" in output
