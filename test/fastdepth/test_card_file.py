import dataclasses
import json

import onnx
import pytest

from fastdepth.card_file import write_card
from fastdepth.cli.main import main
from fastdepth.engines import read_card
from fastdepth.errors import ModelError
from test.mock_model import build_mock_model, mock_card


def test_a_card_is_added_and_replaced(tmp_path):
    bare = build_mock_model(tmp_path / "bare.onnx", with_card=False)
    out = tmp_path / "out" / "model.onnx"
    write_card(bare, mock_card(), out)
    assert read_card(out) == mock_card()
    second = dataclasses.replace(mock_card(), version="2", licence="MIT")
    write_card(out, second, out)
    assert read_card(out) == second
    assert [p.key for p in onnx.load(str(out)).metadata_props] == ["fastdepth.card"]
    # Nothing but the metadata changed.
    first, last = (onnx.load(str(path)) for path in (bare, out))
    del last.metadata_props[:]
    assert last == first


def test_other_metadata_stays(tmp_path):
    path = build_mock_model(tmp_path / "m.onnx", with_card=False)
    model = onnx.load(str(path))
    onnx.helper.set_model_props(model, {"author": "somebody"})
    onnx.save(model, str(path))
    write_card(path, mock_card(), path)
    props = {p.key: p.value for p in onnx.load(str(path)).metadata_props}
    assert props["author"] == "somebody"
    assert read_card(path) == mock_card()


def test_a_card_that_does_not_fit_the_network_is_not_written(tmp_path):
    bare = build_mock_model(tmp_path / "bare.onnx", with_card=False)
    out = tmp_path / "out.onnx"
    with pytest.raises(ModelError, match="does not accept the card's input"):
        write_card(bare, mock_card(width=64), out)
    assert not out.exists()
    assert list(tmp_path.iterdir()) == [bare]


def test_files_that_are_no_model_are_refused(tmp_path):
    with pytest.raises(ModelError, match="does not exist"):
        write_card(tmp_path / "absent.onnx", mock_card(), tmp_path / "out.onnx")
    noise = tmp_path / "noise.onnx"
    noise.write_bytes(b"\x07noise")
    with pytest.raises(ModelError, match=r"not a valid ONNX model"):
        write_card(noise, mock_card(), tmp_path / "out.onnx")
    assert not (tmp_path / "out.onnx").exists()


def test_the_verb_prints_a_card_that_can_be_edited_and_set(tmp_path, capsys):
    model = build_mock_model(tmp_path / "m.onnx")
    assert main(["card", str(model)]) == 0
    card = json.loads(capsys.readouterr().out)
    card["notes"] = "edited"
    (tmp_path / "card.json").write_text(json.dumps(card))
    out = tmp_path / "edited.onnx"
    args = ["card", str(model), "--set", str(tmp_path / "card.json"), "--out", str(out)]
    assert main(args) == 0
    assert read_card(out).notes == "edited"
    assert read_card(model) == mock_card()


def test_the_verb_names_a_bad_card_file(tmp_path, capsys):
    model = build_mock_model(tmp_path / "m.onnx")
    out = tmp_path / "out.onnx"
    for name, content, message in (
        ("absent.json", None, "absent.json cannot be read"),
        ("broken.json", "{", "broken.json: the model card is not valid JSON"),
        ("unit.json", mock_card().to_json().replace('"metres"', '"feet"'), "unit is 'feet'"),
    ):
        if content is not None:
            (tmp_path / name).write_text(content)
        args = ["card", str(model), "--set", str(tmp_path / name), "--out", str(out)]
        assert main(args) == 1
        assert message in capsys.readouterr().err
    assert not out.exists()


def test_set_and_out_belong_together(tmp_path):
    model = build_mock_model(tmp_path / "m.onnx")
    with pytest.raises(SystemExit):
        main(["card", str(model), "--out", str(tmp_path / "out.onnx")])
