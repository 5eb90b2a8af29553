from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fastdepth.errors import OutputError, SourceError
from fastdepth.evaluation.records import SCORED, Records, read_records


def test_records_are_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "frames.csv"
    with Records(path) as records:
        records.add("a, with comma", 1_500_000_000, SCORED, {"rmse": 1 / 3, "scale": 0.9})
        records.add("b", 2_000_000_001, "no ground truth", {"camera_scale": 1.25})
        records.add("c", None, SCORED, {"rmse": 2.0})

    read = read_records(path)

    assert read["a, with comma"]["rmse"] == pytest.approx(1 / 3, rel=1e-8)
    assert read["a, with comma"]["time"] == 0
    assert read["b"]["status"] == "no ground truth"
    assert read["b"]["time"] == pytest.approx(0.500000001)
    assert read["b"]["stamp"] == "2.000000001"
    assert "rmse" not in read["b"]
    assert "time" not in read["c"]
    assert len(records) == 3
    np.testing.assert_array_equal(records.column("rmse"), [1 / 3, np.nan, 2.0])


def test_bad_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "frames.csv"
    with pytest.raises(SourceError, match=r"frames\.csv cannot be read"):
        read_records(path)
    path.write_text("a,b\n1,2\n")
    with pytest.raises(SourceError, match=r"is no frames\.csv of this version"):
        read_records(path)
    with Records(path) as records:
        records.add("a", 1, SCORED, {"rmse": 1.0})
    path.write_text(path.read_text()[:-20] + "?\n")
    with pytest.raises(SourceError, match="is damaged"):
        read_records(path)
    with pytest.raises(OutputError, match="cannot write"), Records(tmp_path / "no" / "f.csv"):
        pass
