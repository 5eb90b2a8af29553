import pytest

from fastdepth.errors import OutputError
from fastdepth_ros.demo.output import METRICS, STRIP, output_folder


def run(path, bag, text="new"):
    with output_folder(path, bag) as folder:
        (folder / METRICS).write_text(text)


def test_the_folder_appears_with_its_content(tmp_path):
    run(tmp_path / "a" / "demo", tmp_path / "bag")
    assert [p.name for p in (tmp_path / "a" / "demo").iterdir()] == [METRICS]
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["demo"]


def test_an_earlier_demos_output_is_replaced(tmp_path):
    out = tmp_path / "demo"
    run(out, tmp_path / "bag", "old")
    (out / STRIP).touch()
    run(out, tmp_path / "bag", "new")
    assert (out / METRICS).read_text() == "new"
    assert not (out / STRIP).exists()


def test_an_empty_folder_is_used(tmp_path):
    (tmp_path / "demo").mkdir()
    run(tmp_path / "demo", tmp_path / "bag")
    assert (tmp_path / "demo" / METRICS).exists()


@pytest.mark.parametrize("names", [["thesis.txt"], [METRICS, "thesis.txt"], [STRIP]])
def test_other_folders_are_left_alone(tmp_path, names):
    out = tmp_path / "demo"
    out.mkdir()
    for name in names:
        (out / name).write_text("mine")
    with pytest.raises(OutputError, match="not the output of an earlier demo"):
        run(out, tmp_path / "bag")
    assert sorted(p.name for p in out.iterdir()) == sorted(names)
    assert all(p.read_text() == "mine" for p in out.iterdir())


def test_a_file_is_left_alone(tmp_path):
    (tmp_path / "demo").write_text("mine")
    with pytest.raises(OutputError, match="not the output of an earlier demo"):
        run(tmp_path / "demo", tmp_path / "bag")
    assert (tmp_path / "demo").read_text() == "mine"


def test_a_failure_leaves_the_earlier_output_and_nothing_else(tmp_path):
    out = tmp_path / "demo"
    run(out, tmp_path / "bag", "old")

    def fail():
        with output_folder(out, tmp_path / "bag") as folder:
            (folder / METRICS).write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (out / METRICS).read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["demo"]


@pytest.mark.parametrize("inside", ["demo", "demo/depth", "demo/../demo/depth"])
def test_the_bag_to_play_is_never_replaced(tmp_path, inside):
    out = tmp_path / "demo"
    run(out, tmp_path / "bag")
    with pytest.raises(OutputError, match="lies in the output folder"):
        run(out, tmp_path / inside)


def test_a_bag_behind_a_link_is_never_replaced(tmp_path):
    out = tmp_path / "demo"
    run(out, tmp_path / "bag")
    (out / "depth").mkdir()
    (tmp_path / "link").symlink_to(out / "depth")
    with pytest.raises(OutputError, match="lies in the output folder"):
        run(out, tmp_path / "link")


def test_a_place_that_cannot_be_written_is_an_output_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot make"):
        run(tmp_path / "file" / "demo", tmp_path / "bag")
