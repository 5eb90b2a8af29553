import os
import subprocess
import sys

import pytest

from fastdepth import __version__
from fastdepth.cli import main as cli
from fastdepth.errors import FastDepthError
from test.mock_model import build_mock_model


def test_help_lists_every_verb(capsys):
    assert cli.main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(verb in out for verb in cli.VERBS)


def test_no_verb_is_wrong_usage(capsys):
    assert cli.main([]) == 2


def test_an_unknown_verb_is_named(capsys):
    assert cli.main(["evalute"]) == 2
    assert "'evalute'" in capsys.readouterr().err


def test_version(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == f"fastdepth {__version__}"


def test_a_named_error_is_one_line_and_exit_code_one(monkeypatch, capsys):
    def fail(argv):
        msg = "this was wrong"
        raise FastDepthError(msg)

    monkeypatch.setattr("fastdepth.cli.info.main", fail)
    assert cli.main(["info"]) == 1
    assert capsys.readouterr().err == "fastdepth info: this was wrong\n"


def test_an_unexpected_error_is_not_hidden(monkeypatch):
    def fail(argv):
        raise ZeroDivisionError

    monkeypatch.setattr("fastdepth.cli.info.main", fail)
    with pytest.raises(ZeroDivisionError):
        cli.main(["info"])


def test_a_missing_extra_is_named(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in [m for m in sys.modules if m.startswith("fastdepth_train")]:
        monkeypatch.delitem(sys.modules, name)
    assert cli.main(["train"]) == 1
    err = capsys.readouterr().err
    assert "fastdepth train" in err
    assert "fastdepth[train]" in err


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_closed_pipe_is_no_traceback(tmp_path, unbuffered):
    model = build_mock_model(tmp_path / "m.onnx")
    command = [sys.executable, "-m", "fastdepth", "info", str(model)]
    read, write = os.pipe()
    os.close(read)  # nobody will ever read
    try:
        done = subprocess.run(
            command,
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
        )
    finally:
        os.close(write)
    assert done.stderr == ""
    assert done.returncode == 1
