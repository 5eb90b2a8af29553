import dataclasses
import json

import pytest

from fastdepth.card import SCHEMA_VERSION, Accuracy, InputSpec, ModelCard
from fastdepth.errors import CardError

CARD = ModelCard(
    name="test",
    version="1.2.3",
    input=InputSpec(224, 192, "bgr", (0.1, 0.2, 0.3), (0.4, 0.5, 0.6), "pad", "area"),
    focal_length=(181.6, 242.4),
    depth_range=(0.3, 10.0),
    training_data=("NYU Depth V2", "a bag"),
    licence="Apache-2.0",
    training_commit="abc",
    accuracy=(Accuracy("nyu2_val", "fastdepth", "none", {"rmse": 0.5, "delta1": 0.8}),),
    notes="Größe",
)


def edited(**change):
    value = json.loads(CARD.to_json())
    for key, new in change.items():
        *path, last = key.split("__")
        target = value
        for part in path:
            target = target[part]
        if new is None:
            del target[last]
        else:
            target[last] = new
    return json.dumps(value)


def test_a_card_survives_its_json():
    assert ModelCard.from_json(CARD.to_json()) == CARD


def test_json_states_its_schema_version():
    assert json.loads(CARD.to_json())["schema_version"] == SCHEMA_VERSION


def test_optional_fields_have_defaults():
    card = ModelCard.from_json(edited(licence=None, accuracy=None, notes=None))
    assert (card.licence, card.accuracy, card.notes) == ("unknown", (), "")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"schema_version": 2}, "schema version 2"),
        ({"schema_version": None}, "schema version None"),
        ({"name": None}, "lacks name"),
        ({"focal_length": None}, "lacks focal_length"),
        ({"surprise": 1}, "surprise"),
        ({"name": ""}, "name"),
        ({"name": 3}, "name"),
        ({"unit": "millimetres"}, "unit"),
        ({"focal_length": [181.6]}, "focal_length"),
        ({"focal_length": [0, 240]}, "focal_length"),
        ({"focal_length": "wide"}, "focal_length"),
        ({"depth_range": [5, 1]}, "depth_range"),
        ({"depth_range": [True, 1]}, "depth_range"),
        ({"input": []}, "input"),
        ({"input__width": 0}, "input.width"),
        ({"input__width": 224.5}, "input.width"),
        ({"input__width": None}, "input.width"),
        ({"input__channel_order": "gbr"}, "input.channel_order"),
        ({"input__fit": "squeeze"}, "input.fit"),
        ({"input__interpolation": "cubic"}, "input.interpolation"),
        ({"input__std": [1, 0, 1]}, "input.std"),
        ({"input__mean": [1, 0]}, "input.mean"),
        ({"accuracy": "good"}, "accuracy"),
        ({"accuracy": [{"dataset": "x"}]}, "accuracy"),
        ({"training_data": "NYU"}, "training_data"),
    ],
)
def test_a_bad_card_is_refused_naming_the_field(change, word):
    with pytest.raises(CardError, match=word):
        ModelCard.from_json(edited(**change))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"card"'])
def test_what_is_no_json_object_is_refused(text):
    with pytest.raises(CardError):
        ModelCard.from_json(text)


def test_a_card_made_in_code_is_checked_too():
    with pytest.raises(CardError, match="depth_range"):
        dataclasses.replace(CARD, depth_range=(1.0, float("nan")))
