import json

import pytest

torch = pytest.importorskip("torch")

from fastdepth.cli.main import main  # noqa: E402
from fastdepth_train.cli.presets import describe  # noqa: E402
from fastdepth_train.networks import PRESETS  # noqa: E402


def row_of(text, name):
    return next(line for line in text.splitlines() if line.split()[0] == name)


@pytest.mark.parametrize("command", [["info", "--presets"], ["presets"]])
def test_every_preset_is_listed_with_its_cost(command, tmp_path, capsys):
    path = tmp_path / "presets.json"
    assert main([*command, "--json", str(path)]) == 0
    out = capsys.readouterr().out
    for name in PRESETS:
        assert row_of(out, name)
    # Published (Wofk et al. 2019, and NetAdapt's result).
    for name, parameters, macs in (
        ("fastdepth", "3.93 M", "0.737 G"),
        ("fastdepth-concat", "3.99 M", "0.849 G"),
        ("fastdepth-pruned", "1.34 M", "0.366 G"),
    ):
        row = row_of(out, name)
        assert row.endswith(f"{parameters}  {macs}")
        assert "mobilenet_v1" in row
    rows = json.loads(path.read_text())
    assert list(rows) == list(PRESETS)
    assert rows["tiny"]["macs"] <= 0.1e9
    # METER is counted at the size it is made for.
    assert (rows["meter-xxs"]["width"], rows["meter-xxs"]["height"]) == (256, 192)


def test_sizes_of_parts_are_told():
    row = describe(PRESETS["tiny"])
    assert row["encoder"] == "mobilenet_v4_conv_small x0.5"
    assert row["decoder"] == "nnconv_dw k5, skip add"
    assert describe(PRESETS["fastdepth-pruned"])["encoder"] == "mobilenet_v1 pruned"
