import json
import os
import stat

import pytest

from fastdepth.errors import OutputError
from fastdepth.files import make_folder, whole_file, whole_folder, write_json


def left_behind(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_only_when_it_is_whole(tmp_path):
    path = tmp_path / "deep" / "out.png"
    with whole_file(path) as temporary:
        assert temporary.suffix == ".png"
        temporary.write_bytes(b"half")
        assert not path.exists()
        temporary.write_bytes(b"whole")
    assert path.read_bytes() == b"whole"
    assert left_behind(path.parent) == ["out.png"]


def test_a_failure_keeps_the_old_file_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "out.txt"
    path.write_text("old")

    def fail():
        with whole_file(path) as temporary:
            temporary.write_text("new")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert path.read_text() == "old"
    assert left_behind(tmp_path) == ["out.txt"]


def test_a_file_has_the_usual_permissions(tmp_path):
    write_json(tmp_path / "a.json", {})
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((tmp_path / "a.json").stat().st_mode) == 0o666 & ~mask


def test_json_is_readable_text(tmp_path):
    write_json(tmp_path / "a.json", {"δ1": 0.5})
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert "δ1" in text
    assert json.loads(text) == {"δ1": 0.5}


def test_a_folder_appears_only_when_it_is_whole(tmp_path):
    path = tmp_path / "bag"
    with whole_folder(path) as temporary:
        temporary.mkdir()
        (temporary / "data").write_text("x")
        assert not path.exists()
    assert (path / "data").read_text() == "x"
    assert left_behind(tmp_path) == ["bag"]


def test_an_existing_folder_is_kept_unless_replacing_is_asked_for(tmp_path):
    path = tmp_path / "bag"
    path.mkdir()
    (path / "old").touch()
    with pytest.raises(OutputError, match="exists"), whole_folder(path):
        pass
    with whole_folder(path, replace=True) as temporary:
        temporary.mkdir()
        (temporary / "new").touch()
    assert left_behind(path) == ["new"]
    assert left_behind(tmp_path) == ["bag"]


def test_a_failure_keeps_the_old_folder(tmp_path):
    path = tmp_path / "bag"
    path.mkdir()
    (path / "old").touch()

    def fail():
        with whole_folder(path, replace=True) as temporary:
            temporary.mkdir()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert left_behind(path) == ["old"]
    assert left_behind(tmp_path) == ["bag"]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    blocker = tmp_path / "file"
    blocker.touch()
    with pytest.raises(OutputError, match="file"):
        make_folder(blocker / "sub")
    with pytest.raises(OutputError, match="file"), whole_file(blocker / "a.txt"):
        pass
    with pytest.raises(OutputError, match="file"), whole_folder(blocker / "sub" / "bag"):
        pass
