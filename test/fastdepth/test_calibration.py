import pytest
import yaml

from fastdepth.calibration import Calibration, FittedOn, Gain, model_name
from fastdepth.correction import Correction
from fastdepth.errors import CalibrationError, OutputError
from test.mock_model import mock_card

CALIBRATION = Calibration(
    Correction(1.0825, 0.0123),
    FittedOn("Küche.mcap", "mock 1", 120, 360_000),
    Gain(60, {"abs_rel": 0.121, "delta1": 0.78}, {"abs_rel": 0.084, "delta1": 0.91}),
)


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "calibration.yaml"
    CALIBRATION.write(path)
    return path


def change(path, *keys, value=None, remove=False):
    """Change or remove one value in a YAML file."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    place = content
    for key in keys[:-1]:
        place = place[key]
    if remove:
        del place[keys[-1]]
    else:
        place[keys[-1]] = value
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


def test_a_calibration_comes_back_as_it_was(written):
    assert Calibration.read(written) == CALIBRATION


def test_without_a_gain_it_comes_back_too(tmp_path):
    bare = Calibration(Correction(0.9), FittedOn("bag", "mock 1", 1, 100))
    bare.write(tmp_path / "bare.yaml")
    assert Calibration.read(tmp_path / "bare.yaml") == bare


def test_a_person_can_read_the_file(written):
    text = written.read_text(encoding="utf-8")
    assert "1 / corrected = 1 / (scale * depth) + offset" in text
    assert "scale: 1.0825\n" in text
    assert "offset: 0.0123\n" in text
    assert "Küche.mcap" in text


def test_whole_numbers_serve_as_numbers(written):
    change(written, "correction", "scale", value=1)
    change(written, "correction", "offset", value=0)
    assert Calibration.read(written).correction == Correction(1.0, 0.0)


def test_another_model_is_told(written):
    calibration = Calibration.read(written)
    assert model_name(mock_card()) == "mock 1"
    assert calibration.mismatch(mock_card()) is None
    change(written, "fitted_on", "model", value="mock 2")
    sentence = Calibration.read(written).mismatch(mock_card())
    assert "'mock 2'" in sentence
    assert "'mock 1'" in sentence


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (("schema_version",), 2, "schema version 2"),
        (("correction",), [1.0, 0.0], "correction is"),
        (("correction", "scale"), "1.0", "correction.scale is '1.0'; expected a finite number"),
        (("correction", "scale"), True, "correction.scale is True"),
        (("correction", "scale"), -1.0, "scale is -1"),
        (("correction", "scale"), float("inf"), "correction.scale is inf"),
        (("correction", "offset"), float("nan"), "correction.offset is nan"),
        (("correction", "shift"), 0.0, "correction has the unknown field shift"),
        (("fitted_on", "frames"), -1, "fitted_on.frames is -1"),
        (("fitted_on", "pixels"), 1.5, "fitted_on.pixels is 1.5"),
        (("fitted_on", "model"), 3, "fitted_on.model is 3"),
        (("gain", "before"), 0.1, "gain.before is 0.1"),
        (("gain", "after", "rmse"), "low", "gain.after.rmse is 'low'"),
        (("notes",), "x", "the file has the unknown field notes"),
    ],
)
def test_a_wrong_field_is_named(written, keys, value, message):
    change(written, *keys, value=value)
    with pytest.raises(CalibrationError, match=r"calibration\.yaml: ") as caught:
        Calibration.read(written)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "keys",
    [("schema_version",), ("correction",), ("correction", "offset"), ("fitted_on", "source")],
)
def test_a_missing_field_is_named(written, keys):
    change(written, *keys, remove=True)
    with pytest.raises(CalibrationError, match=f"lacks {keys[-1]}"):
        Calibration.read(written)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected a mapping"),
        (b"- 1\n- 2\n", "expected a mapping"),
        (b"a: [1, 2\nb: }", "no valid YAML"),
        (b"\xff\xfe\x00", "no valid YAML"),
        (b"correction: !!python/object/apply:os.system [true]", "no valid YAML"),
    ],
)
def test_what_is_no_calibration_is_refused(tmp_path, content, message):
    path = tmp_path / "other.yaml"
    path.write_bytes(content)
    with pytest.raises(CalibrationError, match=r"other\.yaml") as caught:
        Calibration.read(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(CalibrationError, match="cannot be read"):
            Calibration.read(path)


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        CALIBRATION.write(tmp_path / "file" / "calibration.yaml")
