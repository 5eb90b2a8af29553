from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rosbags", reason="the bags extra is not installed")

from fastdepth.bags import BagReader, BagWriter
from fastdepth.camera import Intrinsics
from fastdepth.cli.main import main
from fastdepth.messages import stamp_ns
from fastdepth.sources import BagSource, PicturesSource, RgbdFolder, TumSource
from test.data import shared
from test.fastdepth.sources import making

IMAGES = ["1305031239.529662", "1305031239.561733", "1305031239.593921"]
DEPTHS = ["1305031239.543802", "1305031239.576116", "1305031239.999999"]

TOPICS = {
    "/camera/aligned_depth_to_color/image_raw": "sensor_msgs/msg/Image",
    "/camera/color/camera_info": "sensor_msgs/msg/CameraInfo",
    "/camera/color/image_raw": "sensor_msgs/msg/Image",
}


def assert_same_frames(bag: BagSource, folder: TumSource) -> None:
    count = 0
    for found, expected in zip(bag, folder, strict=True):
        np.testing.assert_array_equal(found.image, expected.image)
        assert (found.depth is None) == (expected.depth is None)
        if expected.depth is not None:
            np.testing.assert_array_equal(found.depth, expected.depth)
        assert (found.intrinsics, found.stamp) == (expected.intrinsics, expected.stamp)
        count += 1
    assert count == len(bag) == len(folder)


@pytest.mark.parametrize("options", [[], ["--compress"]])
@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_a_tum_folder_becomes_a_bag_of_the_same_frames(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], storage: str, options: list[str]
) -> None:
    folder = making.tum(tmp_path / "freiburg1", IMAGES, DEPTHS)
    out = tmp_path / "new" / "bag"

    code = main(["bag", "from-tum", str(folder), str(out), "--storage", storage, *options])

    assert code == 0
    assert f"{out}: 3 images, 3 depth images, 2 pairs" in capsys.readouterr().out
    assert_same_frames(BagSource(out), TumSource(folder))
    with BagReader(out) as bag:
        assert bag.storage == storage
        assert {topic.name: topic.type for topic in bag.topics} == TOPICS
        messages = list(bag.messages())
    times = [raw.time for raw, _ in messages]
    assert times == sorted(times)
    # Every list keeps its own stamps, to the nanosecond, unpaired depth too.
    for topic, stamps in ((2, IMAGES), (1, IMAGES), (0, DEPTHS)):
        own = [(raw, msg) for raw, msg in messages if raw.topic == list(TOPICS)[topic]]
        exact = [int(stamp.replace(".", "")) * 1000 for stamp in stamps]
        assert [raw.time for raw, _ in own] == exact
        assert [stamp_ns(msg.header) for _, msg in own] == exact
        assert {msg.header.frame_id for _, msg in own} == {"camera_color_optical_frame"}


def test_the_bag_of_a_tum_folder_has_its_distortion(tmp_path: Path) -> None:
    folder = making.tum(tmp_path / "freiburg2", IMAGES)
    assert main(["bag", "from-tum", str(folder), str(tmp_path / "bag")]) == 0
    with BagReader(tmp_path / "bag") as bag:
        infos = [msg for _, msg in bag.messages(["/camera/color/camera_info"])]
    assert len(infos) == 3
    assert infos[0].d.tolist() == [0.2312, -0.7849, -0.0033, -0.0001, 0.9172]


def test_a_tum_folder_of_an_unknown_camera_gets_no_camera_info(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = making.tum(tmp_path / "seq", IMAGES, DEPTHS)
    assert main(["bag", "from-tum", str(folder), str(tmp_path / "bag")]) == 0
    assert "gets no camera_info; put `fx fy cx cy` into intrinsics.txt" in capsys.readouterr().err
    with BagReader(tmp_path / "bag") as bag:
        assert "/camera/color/camera_info" not in {topic.name for topic in bag.topics}


def test_the_real_sequence_survives_the_bag(tmp_path: Path) -> None:
    folder = shared("data", "tum_freiburg1_rpy")
    assert main(["bag", "from-tum", str(folder), str(tmp_path / "bag")]) == 0
    assert_same_frames(BagSource(tmp_path / "bag"), TumSource(folder))


def test_pictures_become_a_bag(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for n in range(11):
        making.save(tmp_path / "pictures" / f"{n}.png", making.rgb(n))
    out = tmp_path / "bag"
    command = ["bag", "from-images", str(tmp_path / "pictures"), str(out), "--rate", "30"]

    assert main([*command, "--intrinsics", "5,6,3.5,2.5"]) == 0

    assert f"{out}: 11 images at 30 Hz" in capsys.readouterr().out
    frames = list(BagSource(out))
    for frame, picture in zip(frames, PicturesSource(tmp_path / "pictures"), strict=True):
        np.testing.assert_array_equal(frame.image, picture.image)
        assert frame.intrinsics == Intrinsics(8, 6, 5.0, 6.0, 3.5, 2.5)
    stamps = [frame.stamp for frame in frames]
    assert stamps[:3] == [1_000_000_000, 1_033_333_333, 1_066_666_667]
    assert stamps[10] == 1_333_333_333


def test_pictures_of_several_sizes_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    making.save(tmp_path / "pictures" / "1.png", making.rgb(1))
    making.save(tmp_path / "pictures" / "2.png", making.rgb(2, 5, 8))
    command = ["bag", "from-images", str(tmp_path / "pictures"), str(tmp_path / "bag")]
    assert main([*command, "--rate", "5"]) == 1
    assert "2.png is 8x5, the first is 8x6; expected all of one camera" in capsys.readouterr().err
    assert not (tmp_path / "bag").exists()


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--rate", "0"],
        ["--rate", "-1"],
        ["--rate", "inf"],
        ["--rate", "nan"],
        ["--rate", "fast"],
        ["--rate", "5", "--intrinsics", "1,2,3"],
        ["--rate", "5", "--storage", "zip"],
    ],
)
def test_wrong_usage_is_told(tmp_path: Path, options: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["bag", "from-images", str(tmp_path), str(tmp_path / "bag"), *options])


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_nothing_is_left_when_a_picture_is_damaged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], storage: str
) -> None:
    folder = making.tum(tmp_path / "freiburg1", IMAGES, DEPTHS)
    (folder / f"rgb/{IMAGES[2]}.png").write_bytes(b"damaged")
    (tmp_path / "out").mkdir()
    out = tmp_path / "out" / "bag"

    assert main(["bag", "from-tum", str(folder), str(out), "--storage", storage]) == 1

    assert f"{IMAGES[2]}.png is no picture that can be decoded" in capsys.readouterr().err
    assert list((tmp_path / "out").iterdir()) == []


def test_an_output_that_cannot_be_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = making.tum(tmp_path / "freiburg1", IMAGES)
    (tmp_path / "file").touch()
    for out, words in (
        (folder, "freiburg1 exists already; remove it or choose another name"),
        (tmp_path / "file" / "bag", "choose a writable place"),
    ):
        assert main(["bag", "from-tum", str(folder), str(out)]) == 1
        assert words in capsys.readouterr().err
    assert (folder / "rgb.txt").exists()


def test_a_bag_becomes_a_folder_of_its_frames_with_depth(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tum = making.tum(tmp_path / "freiburg1", IMAGES, DEPTHS)
    bag, out = tmp_path / "bag", tmp_path / "new" / "frames"
    assert main(["bag", "from-tum", str(tum), str(bag)]) == 0

    assert main(["bag", "to-folder", str(bag), str(out)]) == 0

    assert f"{out}: 2 frames with depth, of 3 images" in capsys.readouterr().out
    folder, source = RgbdFolder(out), TumSource(tum)
    for found, expected in zip(folder, (source[0], source[1]), strict=True):
        assert found.intrinsics == expected.intrinsics
        np.testing.assert_allclose(found.depth, expected.depth, atol=0.000501)
    # Within 1 ms no image has depth.
    options = ["--max-dt", "0.001", "--depth", "/camera/aligned_depth_to_color/image_raw"]
    assert main(["bag", "to-folder", str(bag), str(tmp_path / "none"), *options]) == 1
    assert "none of the 3 frames of" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
    assert main(["bag", "to-folder", str(bag), str(out)]) == 1
    assert "exists already" in capsys.readouterr().err


def test_info_tells_what_a_bag_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = making.tum(tmp_path / "freiburg1", IMAGES, DEPTHS)
    main(
        [
            "bag",
            "from-tum",
            str(folder),
            str(tmp_path / "bag"),
            "--storage",
            "sqlite3",
            "--compress",
        ]
    )
    capsys.readouterr()

    assert main(["bag", "info", str(tmp_path / "bag")]) == 0

    text = capsys.readouterr().out
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "storage sqlite3, compressed with zstd, by message" in lines
    assert "start 2011-05-10 12:40:39.529 UTC (1305031239.529662000 s)" in lines
    assert "duration 0.470 s" in lines
    assert "messages 9" in lines
    assert "/camera/color/image_raw sensor_msgs/msg/Image 3 4.25 Hz" in lines
    assert "image /camera/color/image_raw" in lines
    assert "camera_info /camera/color/camera_info" in lines
    assert "depth /camera/aligned_depth_to_color/image_raw" in lines


def test_info_of_a_bag_without_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with BagWriter(tmp_path / "bag") as bag:
        bag.add_topic("/note", "std_msgs/msg/String", latched=True)
        bag.write("/note", "std_msgs/msg/String", 1_500_000_000, data="x")
    assert main(["bag", "info", str(tmp_path / "bag")]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "/note std_msgs/msg/String 1 latched" in lines
    assert lines[-1] == "frames: none (no image topic)"


@pytest.mark.parametrize(
    ("data", "words"),
    [(None, "does not exist"), (b"", "cannot be opened"), (b"junk" * 99, "cannot be opened")],
)
def test_a_bag_that_is_none_ends_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes | None, words: str
) -> None:
    file = tmp_path / "x.mcap"
    if data is not None:
        file.write_bytes(data)
    assert main(["bag", "info", str(file)]) == 1
    error = capsys.readouterr().err
    assert words in error
    assert error.startswith("fastdepth bag: ")
    assert error.count("\n") == 1


def test_what_is_no_tum_folder_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bag", "from-tum", str(tmp_path), str(tmp_path / "bag")]) == 1
    assert "rgb.txt does not exist" in capsys.readouterr().err


def test_help_names_the_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    arguments: Any
    for arguments in (["bag", "--help"], ["bag", "from-tum", "--help"]):
        with pytest.raises(SystemExit, match="0"):
            main(arguments)
    text = capsys.readouterr().out
    for word in ("info", "from-tum", "from-images", "--compress", "{mcap,sqlite3}"):
        assert word in text
