import pytest

from fastdepth.cli import common
from fastdepth.cli.common import track


def test_progress_without_a_terminal_is_silent_when_it_is_quick(capsys):
    assert list(track(iter("abc"), 3, "working")) == ["a", "b", "c"]
    assert capsys.readouterr() == ("", "")


def test_progress_without_a_terminal_is_lines(capsys, monkeypatch):
    clock = iter([0.0, 4.0, 11.0, 12.0, 20.9, 22.0])
    monkeypatch.setattr(common, "monotonic", lambda: next(clock))
    assert list(track(range(5), 10, "working")) == [0, 1, 2, 3, 4]
    assert capsys.readouterr().err.splitlines() == [
        "working: 2 of 10, 0.2/s, 44 s left",
        "working: 5 of 10, 0.2/s, 22 s left",
    ]


def test_progress_on_a_terminal_is_a_bar(capsys, monkeypatch):
    pytest.importorskip("rich", reason="the bags extra is not installed")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert list(track(range(3), 3, "working")) == [0, 1, 2]
    assert "working" in capsys.readouterr().err
