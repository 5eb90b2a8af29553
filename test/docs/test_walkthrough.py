"""docs/walkthrough.ipynb: it runs on frames at hand, and stores little."""

import json
import os
import re
from itertools import islice

import pytest

pytest.importorskip("torch")

import nbformat
from nbclient import NotebookClient

from test.data import beside
from test.docs.pages import DOCS

ROOT = DOCS.parent
NOTEBOOK = DOCS / "walkthrough.ipynb"


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(NOTEBOOK, as_version=4)


@pytest.fixture(scope="module")
def executed(notebook, tmp_path_factory):
    """Return the folder that it wrote into: with frames of ../shared, else as it stands."""
    place = tmp_path_factory.mktemp("walk")
    for name in ("config", "samples"):
        (place / name).symlink_to(ROOT / name)
    (place / "docs").mkdir()
    environment = {**os.environ, "IPYTHONDIR": str(place), "JUPYTER_RUNTIME_DIR": str(place)}
    if beside("data", "nyu_depth_v2").is_dir():
        environment["FASTDEPTH_DATA"] = str(some_frames(place / "frames"))
    client = NotebookClient(
        notebook, timeout=600, resources={"metadata": {"path": str(place / "docs")}}
    )
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        client.execute()
    return place / "out" / "walkthrough"


def some_frames(folder):
    nyu = beside("data", "nyu_depth_v2", "data")
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "nyu2_train").symlink_to(nyu / "nyu2_train")
    with (nyu / "nyu2_train.csv").open() as file:
        (folder / "data" / "nyu2_train.csv").write_text("".join(islice(file, 0, None, 30)))
    return folder


def test_it_runs_from_frames_to_two_scored_files(executed):
    scores = [json.loads((executed / f"{name}.json").read_text()) for name in ("walk", "walk_int8")]
    assert scores[0]["frames"] == scores[1]["frames"] >= 20
    # Two thirds of these frames were trained on; from nothing, the depth of a pixel is off by half.
    assert scores[0]["abs_rel"] < 0.35
    assert scores[0]["rmse"] != scores[1]["rmse"] < 1.1 * scores[0]["rmse"]
    exported, quantised = ((executed / f"walk{end}.onnx").stat().st_size for end in ("", "_int8"))
    assert quantised < exported / 2
    assert (executed / "predicted" / "frame_view.png").is_file()


def test_it_is_stored_small_and_with_its_outputs(notebook):
    assert NOTEBOOK.stat().st_size < 1_000_000
    stored = nbformat.read(NOTEBOOK, as_version=4)
    code = [cell for cell in stored.cells if cell.cell_type == "code"]
    numbers = [cell.execution_count for cell in code]
    assert numbers == list(range(1, len(code) + 1))
    pictures = [
        output
        for cell in code
        for output in cell.outputs
        if set(output.get("data", {})) & {"image/png", "image/jpeg"}
    ]
    assert len(pictures) == 3
    assert all(output.output_type != "error" for cell in code for output in cell.outputs)


def test_it_names_no_place_on_a_machine():
    stored = nbformat.read(NOTEBOOK, as_version=4)
    texts = [cell.source for cell in stored.cells]
    for cell in stored.cells:
        for output in cell.get("outputs", []):
            texts += [output.get("text", ""), str(output.get("data", {}).get("text/plain", ""))]
    for text in texts:
        assert not re.search(r"(?<![\w.*])/(home|root|tmp|work|usr|opt|Users)/", text), text
