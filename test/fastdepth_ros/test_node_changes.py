"""The node as a real process while its surroundings change: cameras, clocks, peers, disks."""

from __future__ import annotations

import itertools
import math
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy")

from builtin_interfaces.msg import Time
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image

from fastdepth.messages import decode_depth
from test.fastdepth_ros.dds import (
    Client,
    NodeProcess,
    camera_info_message,
    image_message,
    stamp_of,
    values_of,
    wait_until,
)
from test.fastdepth_ros.isolation import ENVIRONMENT, ROOT
from test.mock_model import build_mock_model

pytestmark = pytest.mark.dds

SECOND = 10**9
STEP = 1_000_000
WEIGHTS, BIAS = (3.0, 3.0, 3.0), 0.5


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return build_mock_model(tmp_path / "mock.onnx", weights=WEIGHTS, bias=BIAS)


def frame(
    stamp: int, level: int = 51, size: tuple[int, int] = (64, 48), encoding: str = "rgb8"
) -> Image:
    channels = {"rgb8": 3, "bgra8": 4, "mono8": 1}[encoding]
    pixels = np.full((size[1], size[0], channels), level, np.uint8)
    return image_message(pixels, encoding, stamp)


def info_of(stamp: int, size: tuple[int, int] = (64, 48), f: float = 60.0) -> CameraInfo:
    return camera_info_message(*size, (f, f, size[0] / 2 - 0.5, size[1] / 2 - 0.5), stamp)


def expected(level: int, f: float = 60.0, size: tuple[int, int] = (64, 48)) -> float:
    """Depth of the network (32x24, focal length 30) for a grey picture."""
    scale = math.sqrt((f * 32 / size[0] / 30) * (f * 24 / size[1] / 30))
    return (BIAS + 9.0 * level / 255) * scale


def check(client: Client, stamp: int, level: int, *, f: float = 60.0, **kind) -> None:
    size = kind.get("size", (64, 48))
    depth = decode_depth(client.ask(frame(stamp, level, **kind), info_of(stamp, size, f)))
    np.testing.assert_allclose(depth, expected(level, f, size), rtol=1e-4)
    info = wait_until(partial(client.info_of, stamp), "camera_info")
    assert info.k[0] == pytest.approx(f * 32 / size[0])


def test_the_camera_changes_stops_and_returns_and_the_clock_jumps(model: Path, domain: int) -> None:
    with NodeProcess(domain, "-p", f"model:={model}") as node, Client(domain) as client:
        node.wait_for_start()
        client.wait_for_node()
        check(client, 1 * SECOND, 10)
        check(client, 2 * SECOND, 20, size=(96, 40))
        check(client, 3 * SECOND, 30, encoding="mono8")
        check(client, 4 * SECOND, 40, encoding="bgra8", size=(160, 120), f=90.0)
        check(client, 5 * SECOND, 50, f=75.0)
        # Image and camera_info of different sizes while the camera changes over.
        small = frame(6 * SECOND, 60, (32, 24))

        def mismatched() -> bool:
            client.camera_info.publish(info_of(6 * SECOND))
            client.image.publish(small)
            return client.latest_value("dropped.camera_mismatch") > 0

        wait_until(mismatched, "a frame of another size", interval=0.05)
        assert 6 * SECOND not in {stamp_of(m) for m in client.depths}
        # A bag that loops: older stamps, which are not repeated ones.
        del client.depths[:], client.infos[:]
        check(client, 1 * SECOND, 70)
        check(client, 2 * SECOND, 80)
        check(client, 1 * SECOND + 1, 90)

        # The camera goes, and comes back.
        client.node.destroy_publisher(client.image)
        status, _ = client.next_status(lambda s: values_of(s)["why"] == "camera_stopped")
        assert "no image on /image for" in status.message
        assert "nobody publishes" in status.message
        node.wait_for("WARN.*nothing is published: no image on /image for")
        client.image = client.node.create_publisher(Image, "image", 5)
        client.wait_for_node()
        check(client, 9 * SECOND, 100)
        client.next_status(lambda s: s.level == b"\0" and values_of(s)["state"] == "active")

        # Somebody joins late.
        with Client(domain) as late:
            wait_until(lambda: late.node.count_publishers("/depth/image_rect"), "the node")
            late.wait_for_node()
            check(late, 10 * SECOND, 110)
        check(client, 11 * SECOND, 120)
        assert 6 * SECOND not in {stamp_of(m) for m in client.depths}
        assert node.stop() == 0
        assert not node.matching("Traceback")


PEER = """
import sys, rclpy
from sensor_msgs.msg import Image
rclpy.init()
node = rclpy.create_node("peer")
node.create_subscription(Image, "depth/image_rect", lambda _: print("depth", flush=True), 5)
publisher = node.create_publisher(Image, "image", 5)
rclpy.spin(node)
"""


def test_a_peer_that_is_killed_leaves_the_node_at_work(model: Path, domain: int) -> None:
    with NodeProcess(domain, "-p", f"model:={model}") as node, Client(domain) as client:
        node.wait_for_start()
        client.wait_for_node()
        environment = os.environ | ENVIRONMENT | {"ROS_DOMAIN_ID": str(domain)}
        peer = subprocess.Popen(
            [sys.executable, "-c", PEER], cwd=ROOT, env=environment, stdout=subprocess.PIPE
        )
        try:
            assert peer.stdout is not None
            heard = threading.Thread(target=peer.stdout.readline)
            heard.start()
            client.show(frame(SECOND), info_of(SECOND), lambda: not heard.is_alive())
        finally:
            peer.kill()
            peer.wait()
            peer.stdout.close()
        for i in range(40):  # more than a reliable publisher keeps for one that is gone
            check(client, (10 + i) * SECOND, 51)
        assert node.stop() == 0


def test_a_flood_is_counted_to_the_last_frame(model: Path, domain: int) -> None:
    with (
        NodeProcess(domain, "-p", f"model:={model}", "-p", "max_rate:=30.0") as node,
        Client(domain) as client,
    ):
        node.wait_for_start()
        client.wait_for_node()
        client.ask(frame(1), info_of(1))
        files, threads = node.open_files(), node.threads()
        sent = itertools.count(2)
        start = time.monotonic()

        def flooded() -> bool:
            for number in itertools.islice(sent, 10):
                client.image.publish(frame(number * STEP, number % 250))
                threading.Event().wait(1 / 600)  # 20 times 30 Hz
            return client.latest_value("received") > 600

        wait_until(flooded, "a flood", interval=0.0)
        _, values = client.next_status(
            lambda s: values_of(s)["in_flight"] == "0" and float(values_of(s)["input_rate_hz"]) == 0
        )
        seconds = time.monotonic() - start
        received, published = int(values["received"]), int(values["published"])
        dropped = {k: int(v) for k, v in values.items() if k.startswith("dropped.")}
        refused = dropped.pop("dropped.rate_limited")
        late = dropped.pop("dropped.overwritten")
        assert 600 < received < next(sent)
        assert received == published + refused + late
        assert refused > 0
        assert published + late <= 30 * seconds + 2  # one before the flood, and its first
        assert not any(dropped.values())
        wait_until(lambda: len(client.depths) >= published, "the last depth")
        for message in client.depths:
            level = stamp_of(message) // STEP % 250 if stamp_of(message) > 1 else 51
            np.testing.assert_allclose(decode_depth(message), expected(level), rtol=1e-4)
        assert node.open_files() <= files
        assert node.threads() <= threads
        assert node.stop() == 0


def test_simulated_time_rules_ages_and_stamps(model: Path, domain: int) -> None:
    arguments = ("-p", "use_sim_time:=true", "-p", "max_image_age:=0.5")
    with (
        NodeProcess(domain, "-p", f"model:={model}", *arguments) as node,
        Client(domain) as client,
    ):
        node.wait_for_start()
        client.wait_for_node()
        # Before the clock has any time, no image is too old.
        check(client, 5 * SECOND, 51)
        assert "image_age_ms" not in client.next_status(lambda s: True)[1]
        clock = client.node.create_publisher(Clock, "/clock", 1)
        wait_until(clock.get_subscription_count, "a listener to the clock")

        def at(seconds: int) -> None:
            """Let the clock stand until the node says that time itself."""

            def told() -> bool:
                clock.publish(Clock(clock=Time(sec=seconds)))
                return bool(client.stamps and client.stamps[-1] == seconds * SECOND)

            wait_until(told, f"diagnostics of {seconds} s", interval=0.05)

        at(100)
        check(client, 100 * SECOND - 400_000_000, 60)
        old = frame(100 * SECOND - 700_000_000)

        def refused() -> bool:
            client.image.publish(old)
            return client.latest_value("dropped.too_old") > 0

        wait_until(refused, "an old image refused", interval=0.05)
        line = node.wait_for("WARN.*too_old: the image is 700.0 ms old")
        assert "use_sim_time" in line
        _, values = client.next_status(lambda s: "image_age_ms" in values_of(s))
        assert float(values["image_age_ms"]) == pytest.approx(400.0)
        at(50)  # the bag loops
        check(client, 50 * SECOND, 70)
        assert node.stop() == 0


def among_mounts(code: str) -> str:
    """Return code that runs another in a mount namespace of its own and then the node."""
    probe = subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True)
    if probe.returncode:
        pytest.skip("no mount namespaces here")
    code += "from fastdepth_ros.depth_node import main\nsys.exit(main(sys.argv[1:]))"
    return (
        "import os, sys\n"
        f"os.execvp('unshare', ['unshare', '--mount', sys.executable, '-c', {code!r}]"
        " + sys.argv[1:])"
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting takes root")
def test_a_read_only_file_system_does_not_stop_the_node(model: Path, domain: int) -> None:
    code = among_mounts(
        "import os, sys\n"
        "for folder in ('/tmp', os.path.expanduser('~'), '/var', os.getcwd()):\n"
        "    os.system(f'mount --bind {folder} {folder} && mount -o remount,bind,ro {folder}')\n"
        "try:\n    open('/tmp/written', 'w'); sys.exit(9)\n"
        "except OSError:\n    pass\n"
    )
    variables = {"ROS_LOG_DIR": "", "ROS_HOME": ""}
    with (
        NodeProcess(domain, "-p", f"model:={model}", code=code, **variables) as node,
        Client(domain) as client,
    ):
        node.wait_for("WARN.*no log files are written.*Read-only file system")
        node.wait_for_start()
        client.wait_for_node()
        check(client, SECOND, 51)
        assert node.stop(signal.SIGTERM) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting takes root")
def test_a_full_disk_does_not_stop_the_node(model: Path, tmp_path: Path, domain: int) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    code = among_mounts(
        "import os, sys\n"
        f"os.system('mount -t tmpfs -o size=64k tmpfs {disk}')\n"
        f"try:\n    open('{disk}/large', 'wb').write(bytes(2**20)); sys.exit(9)\n"
        "except OSError:\n    pass\n"
    )
    with (
        NodeProcess(domain, "-p", f"model:={model}", code=code, ROS_LOG_DIR=str(disk)) as node,
        Client(domain) as client,
    ):
        node.wait_for_start()
        client.wait_for_node()
        check(client, SECOND, 51)
        assert node.stop(signal.SIGTERM) == 0
