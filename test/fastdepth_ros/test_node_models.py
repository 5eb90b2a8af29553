"""The node as a real process: another model while frames go on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy")

from fastdepth.calibration import Calibration, FittedOn
from fastdepth.correction import Correction
from test.fastdepth_ros.dds import (
    Client,
    NodeProcess,
    camera_info_message,
    image_message,
    stamp_of,
    values_of,
    wait_until,
)
from test.mock_model import build_mock_model, mock_card

pytestmark = pytest.mark.dds

WIDTH, HEIGHT = 64, 48
K = (60.0, 60.0, 31.5, 23.5)


def model_of(path: Path, bias: float, **options) -> Path:
    """Write a model whose depth is `bias` metres everywhere."""
    return build_mock_model(path, weights=(0.0, 0.0, 0.0), bias=bias, **options)


@contextmanager
def camera(client: Client, period: float = 0.02) -> Iterator[None]:
    """Publish frames in the background."""
    stop = threading.Event()

    def run() -> None:
        stamp = 0
        while not stop.wait(period):
            stamp += 1_000_000
            client.camera_info.publish(camera_info_message(WIDTH, HEIGHT, K, stamp))
            pixels = np.full((HEIGHT, WIDTH, 3), 51, np.uint8)
            client.image.publish(image_message(pixels, "rgb8", stamp))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def metres(client: Client, start: int = 0) -> list[float]:
    """Return the depth of every image from `start` on; each is of one depth everywhere."""
    made = []
    for message in client.depths[start:]:
        depth = np.frombuffer(message.data, "<f4")
        assert np.ptp(depth) == 0.0  # never half of one model and half of the other
        made.append(round(float(depth[0]), 4))
    return made


def wait_for_depth(client: Client, value: float) -> None:
    wait_until(lambda: client.depths and metres(client, -1) == [value], f"depth of {value} m")


def test_another_model_takes_over_between_frames(tmp_path: Path, domain: int) -> None:
    first, second = model_of(tmp_path / "1.onnx", 1.0), model_of(tmp_path / "2.onnx", 2.0)
    heavy = model_of(
        tmp_path / "heavy.onnx",
        3.0,
        card=mock_card(width=96, height=72, focal_length=(90.0, 90.0)),
        work=40,
    )
    with NodeProcess(domain, "-p", f"model:={first}") as node, Client(domain) as client:
        node.wait_for_start()
        client.wait_for_node()
        with camera(client):
            wait_for_depth(client, 1.0)
            for path, depth in ((second, 2.0), (heavy, 3.0), (first, 1.0)):
                before = len(client.depths)
                assert client.set_parameter("model", str(path)) == ""
                wait_for_depth(client, depth)
                changes = metres(client, before)
                assert changes == sorted(changes, reverse=changes[0] > changes[-1])
            _, values = client.next_status(lambda s: values_of(s)["model_file"] == str(first))
            assert values["threads"] == values["engine"].split(", ")[-1].split()[0]

            for name, damage, words in (
                ("missing", None, "does not exist"),
                ("cut", lambda p: p.write_bytes(p.read_bytes()[:200]), "not a valid ONNX model"),
                ("bare", lambda p: model_of(p, 9.0, with_card=False), "no model card"),
                (
                    "wrong",
                    lambda p: p.write_bytes(p.read_bytes().replace(b'"width": 32', b'"width": 48')),
                    "does not accept the card's input",
                ),
            ):
                bad = tmp_path / f"{name}.onnx"
                if damage is not None:
                    model_of(bad, 9.0)
                    damage(bad)
                assert words in client.set_parameter("model", str(bad))
                node.wait_for(f"WARN.*the change of model is refused: .*{words}")
            assert "Nonsense" in client.set_parameter("providers", ["Nonsense"])
            before = len(client.depths)
            wait_until(lambda: len(client.depths) > before + 3, "further depth")
            assert set(metres(client, before)) == {1.0}

            # What happens to its file does not touch a loaded model until it is set again.
            model_of(first, 4.0)
            before = len(client.depths)
            wait_until(lambda: len(client.depths) > before + 3, "further depth")
            assert set(metres(client, before)) == {1.0}
            assert client.set_parameter("model", str(first)) == ""
            wait_for_depth(client, 4.0)
            first.unlink()
            assert "does not exist" in client.set_parameter("model", str(first))
            assert client.set_parameter("threads", 2) != ""  # which would load it again
            assert client.set_parameter("border", 0.25) == ""  # which would not
            before = len(client.depths)
            wait_until(lambda: len(client.depths) > before + 3, "further depth")
        stamps = [stamp_of(m) for m in client.depths]
        assert stamps == sorted(set(stamps))
        assert node.stop() == 0
        assert not node.matching("Traceback")


HELD = """
import os, sys, time
from fastdepth_ros.depth_node import main
from fastdepth_ros.node import node

assemble = node.assemble
def assemble_and_wait(settings, *before, **options):
    rig = assemble(settings, *before, **options)
    if before:
        print("loaded", flush=True)
        while not os.path.exists(os.environ["GO_ON"]):
            time.sleep(0.01)
    return rig
node.assemble = assemble_and_wait
sys.exit(main(sys.argv[1:]))
"""


def test_frames_go_through_the_old_model_until_the_new_one_is_ready(
    tmp_path: Path, domain: int
) -> None:
    first, second = model_of(tmp_path / "1.onnx", 1.0), model_of(tmp_path / "2.onnx", 2.0)
    go_on = tmp_path / "go_on"
    with (
        NodeProcess(domain, "-p", f"model:={first}", code=HELD, GO_ON=str(go_on)) as node,
        Client(domain) as client,
        camera(client),
        ThreadPoolExecutor(1) as pool,
    ):
        wait_for_depth(client, 1.0)
        answer = pool.submit(client.set_parameter, "model", str(second))
        node.wait_for("^loaded$")
        before = len(client.depths)
        wait_until(lambda: len(client.depths) > before + 3, "further depth")
        assert set(metres(client, before)) == {1.0}
        go_on.touch()
        assert answer.result() == ""
        wait_for_depth(client, 2.0)
        assert node.stop() == 0


def test_a_calibration_goes_with_its_model(tmp_path: Path, domain: int) -> None:
    first = model_of(tmp_path / "1.onnx", 1.0)
    card = mock_card()
    other = model_of(
        tmp_path / "2.onnx",
        2.0,
        card=type(card)("other", "7", card.input, card.focal_length, card.depth_range),
    )
    fields = {}
    for name, scale in (("mock 1", 3.0), ("other 7", 4.0)):
        fields[name] = str(tmp_path / f"{name}.yaml")
        Calibration(Correction(scale), FittedOn("a bag", name, 9, 900)).write(Path(fields[name]))
    arguments = ("-p", f"model:={first}", "-p", f"calibration_file:={fields['mock 1']}")
    with NodeProcess(domain, *arguments) as node, Client(domain) as client:
        node.wait_for_start()
        client.wait_for_node()
        with camera(client):
            wait_for_depth(client, 3.0)
            assert "'mock 1', this is 'other 7'" in client.set_parameter("model", str(other))
            changes = {"model": str(other), "calibration_file": fields["other 7"]}
            assert client.set_parameters(**changes) == ""
            wait_for_depth(client, 8.0)
            assert client.set_parameter("calibration_file", "") == ""
            wait_for_depth(client, 2.0)
        assert node.stop() == 0
