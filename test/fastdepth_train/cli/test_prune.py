import signal

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torch_pruning")

from fastdepth.cli.main import main  # noqa: E402
from fastdepth.engines import read_card  # noqa: E402
from fastdepth_train.checkpoint import load_checkpoint, save_network  # noqa: E402
from fastdepth_train.networks.cost import network_cost  # noqa: E402
from fastdepth_train.networks.meter import Meter  # noqa: E402
from fastdepth_train.prune import search  # noqa: E402
from test.fastdepth_train.conftest import write_config  # noqa: E402

QUICK = ["--prune.steps", "2", "--prune.tune", "2", "--prune.final", "4", "--prune.unit", "4"]


def prune(run, out, *more):
    args = ["prune", str(run.folder / "checkpoints" / "best.ckpt"), str(out)]
    data = ["--data.root", str(run.data), "--data.val_split", "train", "--data.batch_size", "4"]
    return main([*args, *data, "--data.augment.enabled", "false", *QUICK, *more])


def test_a_pruned_checkpoint_is_one_like_any_other(tiny_run, tmp_path, capsys):
    out = tmp_path / "pruned.ckpt"
    assert prune(tiny_run, out, "--target-macs", "0.8") == 0
    printed = capsys.readouterr().out
    assert "step 1: " in printed
    whole, card = load_checkpoint(tiny_run.folder / "checkpoints" / "best.ckpt")
    network, pruned_card = load_checkpoint(out)
    before, after = network_cost(whole, 96, 64), network_cost(network, 96, 64)
    assert 0.6 < after.macs / before.macs <= 0.8
    assert after.parameters < before.parameters
    share = f"{after.macs / before.macs:.1%}"
    assert pruned_card.notes == (
        f"Made up for a test. Pruned from tiny 1 to {share} of its operations."
    )
    assert pruned_card.focal_length == card.focal_length
    # It trains on,
    config = write_config(tmp_path / "on.yaml", tiny_run.data, trainer__max_epochs=1)
    run = tmp_path / "on"
    args = ["train", "--config", str(config), "--run", str(run), "--model.start", str(out)]
    assert main([*args, "--trainer.check_val_every_n_epoch", "1"]) == 0
    trained, _ = load_checkpoint(run / "checkpoints" / "last.ckpt")
    assert trained.config == network.config
    # is exported,
    exported = tmp_path / "pruned.onnx"
    assert main(["export", str(out), str(exported)]) == 0
    assert f"{after.macs / 1e9:.3f} GMAC" in capsys.readouterr().out
    # and says what it is.
    assert main(["info", str(exported)]) == 0
    assert f"to {share} of its operations" in capsys.readouterr().out
    assert read_card(exported).accuracy == ()


def test_nothing_is_left_of_an_interrupted_run(tiny_run, tmp_path, monkeypatch, capsys):
    out = tmp_path / "out" / "pruned.ckpt"
    removed = search.Surgeon.remove

    def interrupt(surgeon, chosen):
        removed(surgeon, chosen)
        signal.raise_signal(signal.SIGINT)

    # The floor is looked at first, on a copy.
    monkeypatch.setattr("fastdepth_train.cli.prune.check_reachable", lambda *_: None)
    monkeypatch.setattr(search.Surgeon, "remove", interrupt)
    assert prune(tiny_run, out, "--target-macs", "0.8") == 130
    assert "interrupted" in capsys.readouterr().err
    assert not out.parent.exists()


def test_what_cannot_be_pruned_is_said_before_frames_are_read(tiny_run, tmp_path, capsys):
    out = tmp_path / "pruned.ckpt"
    nowhere = ["--data.root", str(tmp_path / "nowhere")]
    assert prune(tiny_run, out, "--target-macs", "0.001", *nowhere) == 1
    assert "out of reach" in capsys.readouterr().err
    _, card = load_checkpoint(tiny_run.folder / "checkpoints" / "best.ckpt")
    save_network(tmp_path / "meter.ckpt", Meter(), card)
    args = ["prune", str(tmp_path / "meter.ckpt"), str(out), "--target-macs", "0.5", *nowhere]
    assert main(args) == 1
    assert "METER, which is not pruned" in capsys.readouterr().err
    assert not out.exists()


def test_one_target_must_be_given(tiny_run, tmp_path, capsys):
    for targets in ([], ["--target-macs", "0.5", "--target-latency", "0.5"]):
        with pytest.raises(SystemExit) as stopped:
            prune(tiny_run, tmp_path / "o.ckpt", *targets)
        assert stopped.value.code == 2
        assert "either --target-macs or --target-latency" in capsys.readouterr().err


def test_time_is_a_target_too(tiny_run, tmp_path, monkeypatch, capsys):
    # Timing decides nothing: the floor is told to take a fifth, each step to have won a tenth.
    shares = iter([0.2, 0.9, 0.8, 0.7])
    exported = []

    def write(network, card, _):
        exported.append(network_cost(network, card.input.width, card.input.height).macs)

    def times(paths, *_):
        return [1.0] if len(paths) == 1 else [1.0, next(shares)]

    monkeypatch.setattr("fastdepth_train.prune.budgets.write_onnx", write)
    monkeypatch.setattr("fastdepth_train.prune.budgets.time_together", times)
    out = tmp_path / "pruned.ckpt"
    assert prune(tiny_run, out, "--target-latency", "700ms") == 0
    assert "step 3: 700.00 ms (0.700)" in capsys.readouterr().out
    network, _ = load_checkpoint(out)
    given, floor, *steps = exported
    assert given > steps[0] > steps[1] > steps[2] == network_cost(network, 96, 64).macs > floor
