import pytest

torch = pytest.importorskip("torch")

from fastdepth_train.run.findings import findings  # noqa: E402
from fastdepth_train.run.folder import RunFolder  # noqa: E402
from fastdepth_train.run.history import History, read_history, write_history  # noqa: E402
from fastdepth_train.run.looking import Seen  # noqa: E402


def log(root, version, text):
    folder = root / "logs" / f"version_{version}"
    folder.mkdir(parents=True)
    (folder / "metrics.csv").write_text(text)


def test_what_a_resumed_run_repeats_counts_once(tmp_path):
    log(tmp_path, 0, "epoch,step,train/loss\n0,1,9\n0,3,8\n1,5,7\n1,7,6\n")
    log(tmp_path, 1, "epoch,step,train/loss,val/rmse\n1,5,0.7,\n1,7,0.6,\n1,7,,0.5\n")
    history = read_history(RunFolder(tmp_path), steps_per_epoch=4)
    epochs, values = history.series("train/loss")
    assert values.tolist() == [9, 8, 0.7, 0.6]
    assert epochs.tolist() == [0.5, 1.0, 1.5, 2.0]
    assert history.names() == ["train/loss", "val/rmse"]
    write_history(tmp_path / "metrics.csv", history)
    lines = (tmp_path / "metrics.csv").read_text().splitlines()
    assert lines[0] == "epoch,step,train/loss,val/rmse"
    assert lines[-1] == "1,7,,0.5"
    assert len(lines) == 6


def test_starts_are_read_in_their_order_and_torn_lines_are_left_out(tmp_path):
    for version in range(11):
        log(tmp_path, version, f"epoch,step,x\n0,{version},{version}\n")
    with (tmp_path / "logs" / "version_10" / "metrics.csv").open("a") as file:
        file.write("0,,\n")
    _, values = read_history(RunFolder(tmp_path), 1).series("x")
    assert values.tolist() == list(range(11))


RECORD = {
    "chosen_by": "rmse",
    "epochs": 10,
    "protocol": "full",
    "validated_on": 100,
    "validation_frames": 100,
    "starts": [{"state": "finished", "commit": "a"}],
}


def found(rmse, *, validation=1.0, training=0.9, record=RECORD, loss=1.0):
    rows = [{"step": n, "epoch": n, "val/rmse": value} for n, value in enumerate(rmse)]
    rows.append({"step": 9, "epoch": 9, "train/loss": loss})
    figures = {"rmse": validation, "abs_rel": 0.1, "delta1": 0.8, "frames": 100}
    seen = Seen(figures, figures | {"rmse": training}, [])
    said, warnings = findings(record, History(rows, 1), seen)
    return " ".join(said), " ".join(warnings)


def test_a_good_run_has_no_warnings():
    said, warnings = found([1.3, 1.1, 1.0, 1.005])
    assert "(100 frames each) was after epoch 3 of 10: rmse 1.0000" in said
    assert warnings == ""
    said, _ = found([1.0], record=RECORD | {"validated_on": 16})
    assert "(16 of 100 frames each)" in said


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (
            {"training": 0.5},
            "Over-fitting: RMSE is 0.500 m on frames that it was trained on and 1.0",
        ),
        ({"rmse": [1.3, 1.0, 1.1]}, "got worse after epoch 2"),
        ({"rmse": [1.3, 1.2, 1.0]}, "still getting better"),
        ({"loss": float("nan")}, "not a finite number"),
    ],
)
def test_what_is_wrong_is_said(change, word):
    _, warnings = found(**({"rmse": [1.3, 1.1, 1.0, 1.005]} | change))
    assert word in warnings


def test_an_interrupted_run_of_changed_code_is_told():
    starts = [
        {"state": "interrupted", "commit": "a-dirty"},
        {"state": "interrupted", "commit": "b"},
    ]
    _, warnings = found([1.0, 1.0], record=RECORD | {"starts": starts})
    assert "was interrupted" in warnings
    assert "not committed" in warnings
    assert "other code" in warnings
