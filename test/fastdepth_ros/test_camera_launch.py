"""camera.launch.py and multi_camera.launch.py, run by the real launch where it is installed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from test.fastdepth_ros.isolation import ROOT

pytest.importorskip("launch.actions", reason="launch is not installed")
pytest.importorskip("launch_ros.actions", reason="launch_ros is not installed")

from test.fastdepth_ros.launching import DEPTH_NODE, PROFILES, described, launch, module

CAMERA, MULTI = "camera.launch.py", "multi_camera.launch.py"
ROOMS = str(ROOT / "samples" / "rooms")
DRIVERS = {
    "v4l2": "v4l2_camera/v4l2_camera_node",
    "usb_cam": "usb_cam/usb_cam_node_exe",
    "realsense": "realsense2_camera/realsense2_camera_node",
    "libcamera": "camera_ros/camera_node",
}


@pytest.mark.parametrize(
    ("file", "own"), [(CAMERA, {"camera", "bag", "device"}), (MULTI, {"cameras", "threads"})]
)
def test_arguments_of_the_depth_node_are_among_the_described(file: str, own: set[str]) -> None:
    arguments = described(file)
    assert own | {"model", "params_file", "point_cloud", "log_level"} <= set(arguments)
    assert all(len(text) > 20 for text in arguments.values())


@pytest.mark.parametrize("camera", DRIVERS)
def test_the_depth_node_takes_what_the_driver_publishes(camera: str, tmp_path: Path) -> None:
    done = launch(
        tmp_path,
        CAMERA,
        f"camera:={camera}",
        "camera_name:=eye",
        "namespace:=robot",
        "device:=12345",
        "width:=320",
        "height:=240",
        "fps:=15",
        "model:=/data/m.onnx",
        programs=(DEPTH_NODE, DRIVERS[camera]),
    )
    driver, depth = done.one(DRIVERS[camera]), done.one(DEPTH_NODE)
    below = "color/image_raw" if camera == "realsense" else "image_raw"
    image = f"/robot/eye/{below}"
    assert f"image:={image}" in depth.after("-r")
    assert f"camera_info:={image.rpartition('/')[0]}/camera_info" in depth.after("-r")
    assert "model: /data/m.onnx" in depth.parameters()
    assert "use_sim_time: false" in depth.parameters()
    # Topics lie below the namespace of two drivers and below the name of the others.
    private = camera in {"realsense", "libcamera"}
    expected = {"__node:=eye", "__ns:=/robot"} if private else {"__ns:=/robot/eye"}
    assert expected <= set(driver.after("-r"))
    # A sender's shared memory counts: the driver has the profile too.
    assert driver.environment[PROFILES[0]] == str(ROOT / "config" / "fastdds.xml")
    text = driver.parameters()
    if camera == "realsense":
        assert "serial_no: '12345'" in text
        assert "rgb_camera.color_profile: 320x240x15" in text
    elif camera == "libcamera":
        assert "camera: 12345" in text
    else:
        assert "video_device: '12345'" in text
    if camera != "realsense":
        assert "frame_id: eye_optical_frame" in text


def test_the_calibration_reaches_the_driver(tmp_path: Path) -> None:
    url = "file:///home/robot/eye.yaml"
    done = launch(tmp_path, CAMERA, f"calibration:={url}", programs=(DEPTH_NODE, DRIVERS["v4l2"]))
    driver = done.one(DRIVERS["v4l2"])
    assert f"camera_info_url: {url}" in driver.parameters()
    assert "video_device: /dev/video0" in driver.parameters()
    assert "image:=/camera/image_raw" in done.one(DEPTH_NODE).after("-r")


def test_a_bag_is_played_by_ros_where_that_is_installed(tmp_path: Path) -> None:
    modules = tmp_path / "modules"
    (modules / "ros2bag").mkdir(parents=True)
    (modules / "ros2bag" / "__init__.py").write_text("")
    done = launch(
        tmp_path / "launched",
        CAMERA,
        "camera:=bag",
        f"bag:={ROOMS}",
        "loop:=false",
        "bag_rate:=0.5",
        commands=("ros2",),
        PYTHONPATH=f"{ROOT}:{modules}",
    )
    assert done.code == 0, done.output  # and it ended with the bag
    words = done.one("ros2").arguments
    assert words[:3] == ["bag", "play", ROOMS]
    assert words[words.index("--rate") + 1] == "0.5"
    assert {"--clock", "--disable-keyboard-controls"} <= set(words)
    assert "--loop" not in words
    depth = done.one(DEPTH_NODE)
    assert "image:=/camera/color/image_raw" in depth.after("-r")
    assert "camera_info:=/camera/color/camera_info" in depth.after("-r")
    assert "use_sim_time: true" in depth.parameters()


def test_a_bag_is_played_by_fastdepth_otherwise() -> None:
    value = {"bag": ROOMS, "bag_rate": "2", "loop": "true"}
    words = module(CAMERA).player(value, "/eye/image")
    assert words[1:6] == ["-m", "fastdepth", "bag", "play", ROOMS]
    assert words[words.index("--wait-for") + 1] == "/eye/image=1"
    assert {"--clock", "--loop"} <= set(words)


def test_where_bags_cannot_be_read_the_topic_has_to_be_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`ros2` may run in an interpreter without rosbags, the player in another."""
    monkeypatch.setitem(sys.modules, "fastdepth.bags", None)
    camera, value = module(CAMERA), {"bag": ROOMS, "image": "", "camera_info": "/eye/info"}
    with pytest.raises(RuntimeError, match="image:="):
        camera.bag_topics(value)
    given = value | {"image": "/eye/image"}
    assert camera.bag_topics(given) == ("/eye/image", "/eye/info", "raw")


def test_a_bag_has_to_be_named(tmp_path: Path) -> None:
    done = launch(tmp_path, CAMERA, "camera:=bag")
    assert done.code != 0
    assert "bag:=PATH" in done.output
    assert not done.started


def test_compressed_images_of_a_bag_are_taken_as_such() -> None:
    value = {"bag": "any", "image": "/eye/image_raw/compressed", "camera_info": ""}
    assert module(CAMERA).bag_topics(value) == ("/eye/image_raw", "", "compressed")


def test_a_node_for_each_camera(tmp_path: Path) -> None:
    done = launch(
        tmp_path,
        MULTI,
        "cameras:=front, rear",
        "image:=color/image_raw",
        "namespace:=robot",
        "threads:=2",
        "log_level:=warn",
    )
    nodes = {name: s for s in done.started for name in ("front", "rear") if name in str(s[1])}
    assert set(nodes) == {"front", "rear"}
    assert len(done.started) == 2
    for name, started in nodes.items():
        assert {
            f"__ns:=/robot/{name}",
            f"image:=/robot/{name}/color/image_raw",
            f"camera_info:=/robot/{name}/color/camera_info",
        } <= set(started.after("-r"))
        assert "threads: 2\n" in started.parameters()
        assert started.after("--log-level") == ["warn"]
        assert str(ROOT / "config" / "multi_camera.yaml") in started.after("--params-file")
        assert started.environment[PROFILES[0]] == str(ROOT / "config" / "fastdds_node.xml")


def test_cameras_share_the_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    multi = module(MULTI)
    monkeypatch.setattr(multi, "cpus", lambda: 8.0)
    assert [multi.share("0", cameras) for cameras in (1, 2, 3, 7, 20)] == [4, 3, 2, 1, 1]
    assert multi.share("5", 2) == 5


def test_names_of_cameras_differ(tmp_path: Path) -> None:
    done = launch(tmp_path, MULTI, "cameras:=front,front")
    assert done.code != 0
    assert "different names" in done.output
