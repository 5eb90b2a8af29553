"""The node as a real process: bad input, bad models, signals."""

from __future__ import annotations

import itertools
import json
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

pytest.importorskip("rclpy")

from sensor_msgs.msg import CameraInfo, Image

from fastdepth.card import METADATA_KEY
from test.fastdepth_ros.dds import (
    Client,
    NodeProcess,
    camera_info_message,
    header,
    image_message,
    stamp_of,
    wait_until,
)
from test.mock_model import build_mock_model, mock_card

pytestmark = pytest.mark.dds

WIDTH, HEIGHT = 64, 48
K = (60.0, 60.0, 31.5, 23.5)


def good_image(stamp: int, level: int = 51) -> Image:
    return image_message(np.full((HEIGHT, WIDTH, 3), level, np.uint8), "rgb8", stamp)


def good_info(stamp: int) -> CameraInfo:
    return camera_info_message(WIDTH, HEIGHT, K, stamp)


def damaged(change: Callable[[Image], None]) -> Image:
    message = good_image(1)
    change(message)
    return message


def cut_short(message: Image) -> None:
    message.data = message.data[: len(message.data) // 2]


def wrong_step(message: Image) -> None:
    message.step = 17


def empty(message: Image) -> None:
    message.width, message.height, message.step = 0, 0, 0
    message.data = b""


def larger_than_its_data(message: Image) -> None:
    message.width = message.height = 2**31
    message.step = 3 * 2**30


def without_data(message: Image) -> None:
    message.data = b""


BAD_IMAGES = [cut_short, wrong_step, empty, larger_than_its_data, without_data]


def test_bad_messages_are_dropped_with_their_cause_and_the_node_goes_on(
    tmp_path: Path, domain: int
) -> None:
    """One life of a node: no camera_info, then every kind of bad message, then good ones."""
    model = build_mock_model(tmp_path / "mock.onnx", fails_on_white=True)
    with NodeProcess(domain, "-p", f"model:={model}") as node, Client(domain) as client:
        node.wait_for_start()
        client.wait_for_node()

        stamps = itertools.count(1)
        bad_stamps = []

        def dropped(cause: str, message: Image, info: CameraInfo | None = None) -> None:
            """Send until the node has counted the message for that cause."""
            before = client.latest_value(f"dropped.{cause}")

            def is_counted() -> bool:
                message.header = header(next(stamps))
                if info is not None:
                    info.header = message.header
                    client.camera_info.publish(info)
                client.image.publish(message)
                if "camera" not in cause:
                    bad_stamps.append(stamp_of(message))
                return client.latest_value(f"dropped.{cause}") > before

            wait_until(is_counted, f"a frame dropped for {cause}", interval=0.05)
            assert node.is_running

        status, _ = client.next_status(lambda s: "no image yet on /image" in s.message)
        assert status.level == b"\x01"

        dropped("no_camera_info", good_image(1))
        line = node.wait_for("WARN.*no_camera_info: no camera_info was received yet")
        assert "/camera_info" in line
        assert "require_camera_info" in line
        status, _ = client.next_status(lambda s: s.level == b"\x02")
        assert "nothing is published: no_camera_info" in status.message

        for change in BAD_IMAGES:
            dropped("bad_image", damaged(change), good_info(1))
        node.wait_for("ERROR.*frame dropped, bad_image: ")

        for encoding in ("bayer_rggb8", "nonsense", ""):
            bad = good_image(1)
            bad.encoding = encoding
            dropped("unsupported_encoding", bad, good_info(1))
            node.wait_for(f"ERROR.*unsupported_encoding: encoding '{encoding}'.*rgb8")
            assert len(node.matching(f"encoding '{encoding}'")) == 1  # though sent many times

        dropped("camera_mismatch", good_image(1), camera_info_message(640, 480, K, 1))
        node.wait_for("ERROR.*camera_mismatch: camera_info is of an image of 640x480.*64x48")

        zeros = CameraInfo(header=header(1), width=WIDTH, height=HEIGHT)
        dropped("bad_camera_info", good_image(1), zeros)
        node.wait_for("ERROR.*bad_camera_info: .*not calibrated")

        dropped("inference_failed", good_image(1, level=255), good_info(1))
        node.wait_for("ERROR.*inference_failed: the model failed on this frame: InvalidArgument")

        stamp = 10**9
        depth = client.ask(good_image(stamp), good_info(stamp))
        value = 0.5 + (2.0 + 0.5 + 6.0) * 51 / 255
        np.testing.assert_allclose(np.frombuffer(depth.data, "<f4"), value, rtol=1e-5)
        assert not {stamp_of(m) for m in client.depths} & set(bad_stamps)

        assert node.stop() == 0
        stopped = node.wait_for("stopped: received")
        assert f"published {len(client.depths)}," in stopped
        assert not node.matching("Traceback|Failed to publish")


def test_parameters_change_at_run_time_or_are_refused(tmp_path: Path, domain: int) -> None:
    model = build_mock_model(tmp_path / "mock.onnx")
    with NodeProcess(domain, "-p", f"model:={model}") as node, Client(domain) as client:
        node.wait_for_start()
        client.wait_for_node()
        assert client.set_parameter("require_camera_info", False) == ""
        client.ask(good_image(1))
        info = camera_info_message(WIDTH, HEIGHT, (120.0, 120.0, 31.5, 23.5), 2)
        near = np.frombuffer(client.ask(good_image(2), info).data, "<f4")
        assert client.set_parameter("camera_aware_scale", False) == ""
        info.header = header(3)
        plain = np.frombuffer(client.ask(good_image(3), info).data, "<f4")
        np.testing.assert_allclose(near, 2 * plain, rtol=1e-5)
        assert "read-only" in client.set_parameter("autostart", False).lower()
        assert client.set_parameter("require_camera_info", "yes") != ""
        assert node.stop() == 0


def missing(path: Path) -> None:
    del path


def truncated(path: Path) -> None:
    build_mock_model(path)
    path.write_bytes(path.read_bytes()[:200])


def empty_file(path: Path) -> None:
    path.write_bytes(b"")


def folder(path: Path) -> None:
    path.mkdir()


def without_card(path: Path) -> None:
    build_mock_model(path, with_card=False)


def card_of_another_version(path: Path) -> None:
    build_mock_model(path)
    model = onnx.load(str(path))
    card = json.loads(model.metadata_props[0].value) | {"schema_version": 999}
    onnx.helper.set_model_props(model, {METADATA_KEY: json.dumps(card)})
    onnx.save(model, str(path))


def card_of_another_model(path: Path) -> None:
    build_mock_model(path)
    model = onnx.load(str(path))
    card = mock_card(width=99, height=99).to_json()
    onnx.helper.set_model_props(model, {METADATA_KEY: card})
    onnx.save(model, str(path))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (missing, "does not exist"),
        (truncated, "not a valid ONNX model"),
        (empty_file, "is empty"),
        (folder, "is a folder"),
        (without_card, "no model card"),
        (card_of_another_version, "schema version 999"),
        (card_of_another_model, "does not accept the card's input"),
    ],
)
def test_a_model_that_cannot_run_ends_the_node_with_one_line(
    make: Callable[[Path], None], words: str, tmp_path: Path, domain: int
) -> None:
    path = tmp_path / "model.onnx"
    make(path)
    with NodeProcess(domain, "-p", f"model:={path}") as node:
        assert node.wait_for_end() == 1
        # Fast DDS 3 warns of the variable that Fast DDS 2 needs.
        said = [line for line in node.lines if line.strip() and "FASTRTPS_DEFAULT" not in line]
        assert len(said) == 1, said
        assert "FATAL" in said[0]
        assert words in said[0]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("-p", "threads:=two"), 1, "threads.*INTEGER"),
        (("-p", "threads:=-3"), 1, "threads out of range"),
        (("-p", "model"), 2, "cannot start ROS"),
        (("--", "model.onnx"), 2, "unrecognized arguments: model.onnx"),
        (("-p", "providers:=[Nonsense]"), 1, "Nonsense"),
    ],
)
def test_wrong_arguments_end_the_node_with_the_reason(
    arguments: tuple[str, ...], code: int, words: str, tmp_path: Path, domain: int
) -> None:
    model = build_mock_model(tmp_path / "mock.onnx")
    with NodeProcess(domain, "-p", f"model:={model}", *arguments) as node:
        assert node.wait_for_end() == code
        node.wait_for(words)
        assert not node.matching("Traceback")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_the_node_cleanly_in_the_middle_of_work(
    number: signal.Signals, tmp_path: Path, domain: int
) -> None:
    card = mock_card(width=160, height=120)
    model = build_mock_model(tmp_path / "slow.onnx", card, work=10)
    with NodeProcess(domain, "-p", f"model:={model}") as node, Client(domain) as client:
        node.wait_for_start()
        client.wait_for_node()
        client.ask(good_image(1), good_info(1))
        for stamp in range(2, 30):
            client.camera_info.publish(good_info(stamp))
            client.image.publish(good_image(stamp))
        assert node.stop(number) == 0
        said = "\n".join(node.lines)
        assert "stopped: received" in said
        assert not node.matching("Traceback|ERROR|Failed to publish")


# As on a busy machine: the thread that ends the context is held up after it woke the executor.
LATE_SHUTDOWN = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/syscall.h>
#include <unistd.h>

int rcl_shutdown(void * context)
{
  int (* shutdown)(void *) = (int (*)(void *))dlsym(RTLD_NEXT, "rcl_shutdown");
  if (shutdown == NULL) {
    void * rcl = dlopen("librcl.so", RTLD_NOW | RTLD_NOLOAD);
    shutdown = (int (*)(void *))dlsym(rcl, "rcl_shutdown");
  }
  if (syscall(SYS_gettid) != getpid()) {
    usleep(300000);
  }
  return shutdown(context);
}
"""


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_an_idle_node_whatever_the_order_of_threads(
    number: signal.Signals, tmp_path: Path, domain: int
) -> None:
    """Regression: rclpy's own handlers leave the executor waiting where threads run so."""
    source, library = tmp_path / "late.c", tmp_path / "late.so"
    source.write_text(LATE_SHUTDOWN)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
    with (
        NodeProcess(domain, "-p", "autostart:=false", LD_PRELOAD=str(library)) as node,
        Client(domain) as client,
    ):
        client.next_status(lambda _: True)
        assert client.state() == "unconfigured"
        assert node.stop(number) == 0
        assert "stopped: received 0" in node.wait_for("stopped")


@pytest.mark.parametrize(("home", "words"), [("a_file", "Not a directory"), ("", "HOME is not")])
def test_a_home_that_is_none_does_not_stop_the_node(
    home: str, words: str, tmp_path: Path, domain: int
) -> None:
    model = build_mock_model(tmp_path / "mock.onnx")
    (tmp_path / "a_file").write_text("")
    variables = {"HOME": home and str(tmp_path / home), "ROS_LOG_DIR": "", "ROS_HOME": ""}
    with NodeProcess(domain, "-p", f"model:={model}", **variables) as node:
        node.wait_for(f"WARN.*no log files are written.*{words}.*ROS_LOG_DIR")
        node.wait_for_start()
        assert node.stop() == 0
