import dataclasses
import json
import sys

import pytest

from fastdepth.card import Accuracy
from fastdepth.cli.main import main
from test.mock_model import build_mock_model, mock_card


def test_info_prints_the_card(tmp_path, capsys):
    card = dataclasses.replace(
        mock_card(mean=(0.485, 0.456, 0.406)),
        licence="Apache-2.0",
        accuracy=(Accuracy("nyu2_val", "eigen", "none", {"rmse": 0.51234, "delta1": 0.8}),),
    )
    model = build_mock_model(tmp_path / "m.onnx", card)
    assert main(["info", str(model), "--json", str(tmp_path / "card.json")]) == 0
    out = capsys.readouterr().out
    for text in (
        "mock 1",
        "32x24 rgb",
        "0.485 0.456 0.406",
        "metres",
        "0.1 to 20",
        "30 30 pixels",
        "Apache-2.0",
        "nyu2_val, protocol eigen, align none",
        "rmse 0.512, delta1 0.800",
    ):
        assert text in out
    assert json.loads((tmp_path / "card.json").read_text()) == json.loads(card.to_json())


def test_info_of_a_file_without_card_fails_with_the_remedy(tmp_path, capsys):
    model = build_mock_model(tmp_path / "m.onnx", with_card=False)
    assert main(["info", str(model)]) == 1
    assert "fastdepth card" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["m.onnx", "--presets"]])
def test_info_is_of_a_model_or_of_the_presets(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["info", *arguments])
    assert ended.value.code == 2
    assert "either a model or --presets" in capsys.readouterr().err


def test_the_presets_without_torch_name_the_extra(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in [m for m in sys.modules if m.startswith("fastdepth_train")]:
        monkeypatch.delitem(sys.modules, name)
    assert main(["info", "--presets"]) == 1
    assert "fastdepth[train]" in capsys.readouterr().err
