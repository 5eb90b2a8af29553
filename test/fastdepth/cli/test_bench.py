"""`fastdepth bench`: what is run, and what becomes of it."""

import ast
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from fastdepth.bench.aims import AIMS
from fastdepth.bench.machine import describe_machine
from fastdepth.bench.options import run_bench
from fastdepth.bench.report import make_document
from fastdepth.cli import bench
from fastdepth.cli.main import main
from fastdepth.errors import FastDepthError

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("name", sorted(bench.SUBS))
def test_every_benchmark_lives_in_a_module_with_a_main(name):
    path = ROOT / (bench.SUBS[name].module.replace(".", "/") + ".py")
    if not path.is_file():
        pytest.skip("this room is not installed")
    names = {node.name for node in ast.parse(path.read_text("utf-8")).body if hasattr(node, "name")}
    assert "main" in names


def test_help_names_every_benchmark(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["bench", "--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert all(f"  {name} " in out for name in bench.SUBS)


def test_everything_is_run_and_judged(tmp_path, capsys, monkeypatch):
    asked = {}

    def run(name, argv):
        asked[name] = argv
        if name == "node":
            msg = "no camera"
            raise FastDepthError(msg)
        section: dict[str, Any] = {
            "aims": {aim.key: aim.limit for aim in AIMS if aim.section == name}
        }
        if name == "model":
            section["recommendation"] = {"words": "take this one"}
        return make_document(describe_machine(), 0.0, {name: section})

    monkeypatch.setattr(bench, "run_bench", run)
    monkeypatch.setattr(bench, "_missing", lambda _: None)
    path = tmp_path / "all.json"
    assert main(["bench", "--seconds", "10", "--json", str(path)]) == 0
    assert set(asked) == set(bench.SUBS)
    assert sum(float(argv[1]) for argv in asked.values()) == pytest.approx(10)
    assert "--quick" in asked["node"]
    document = json.loads(path.read_text())
    verdicts = {aim["key"]: aim["verdict"] for aim in document["aims"]}
    assert verdicts["float_over_original"] == "met"
    assert verdicts["end_to_end"] == "met"
    assert verdicts["first_depth_s"] == "not measured"
    assert document["not_run"] == {"node": "no camera"}
    out = capsys.readouterr().out
    assert "not run: node: no camera" in out
    assert out.rstrip().endswith("take this one")


def test_what_is_not_installed_is_told_with_its_extra(monkeypatch, capsys):
    real = find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec",
        lambda name: None if name in {"rclpy", "torch"} else real(name),
    )
    monkeypatch.setattr(
        bench, "run_bench", lambda name, _: make_document(describe_machine(), 0, {name: {}})
    )
    assert main(["bench"]) == 0
    out = capsys.readouterr().out
    assert "not run: node: it is not installed: pip install 'fastdepth[ros]'" in out
    assert "not run: train: it is not installed: pip install 'fastdepth[train]'" in out


def test_nothing_that_could_be_run_is_a_failure(monkeypatch):
    monkeypatch.setattr(bench, "_missing", lambda _: "it is not installed")
    assert main(["bench"]) == 1


def test_a_benchmark_is_a_process_that_writes_its_document(monkeypatch):
    code = (
        "import json,sys; path=sys.argv[sys.argv.index('--json')+1]; "
        "json.dump({'argv': sys.argv[1:]}, open(path, 'w'))"
    )
    start = subprocess.run

    def run(command, **more):
        assert command[:3] == [sys.executable, "-m", "fastdepth"]
        return start([sys.executable, "-c", code, *command[3:]], **more)

    monkeypatch.setattr(subprocess, "run", run)
    found = run_bench("model", ["--seconds", "3"])["argv"]
    assert found[:4] == ["bench", "model", "--seconds", "3"]


def test_a_benchmark_that_fails_is_a_named_error():
    with pytest.raises(FastDepthError, match="bench model ended with code 1"):
        run_bench("model", ["no_such_file.onnx", "--engine", "abacus"])


@pytest.mark.parametrize("seconds", ["0", "-1", "inf", "nan"])
def test_seconds_must_be_positive(seconds, capsys):
    with pytest.raises(SystemExit):
        main(["bench", "--seconds", seconds])
    assert "positive number of seconds" in capsys.readouterr().err
