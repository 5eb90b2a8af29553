"""Dockerfile, compose.yaml and .dockerignore agree with the source tree and with each other."""

from __future__ import annotations

import fnmatch
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from test.launch_files import declared

ROOT = Path(__file__).resolve().parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def instructions() -> list[tuple[str, str]]:
    """Return the instructions, comments and continuation lines resolved."""
    lines = [line for line in DOCKERFILE.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [
        (word, rest.strip())
        for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line.strip())
    ]


def of(word: str) -> list[str]:
    return [rest for found, rest in instructions() if found == word]


def copied() -> list[tuple[list[str], str]]:
    """Return sources and destination of everything that comes from the source tree."""
    found = [rest.split() for rest in of("COPY") if not rest.startswith("--from")]
    return [(words[:-1], words[-1]) for words in found]


def ignored(path: str) -> bool:
    """Tell whether .dockerignore keeps a path from the builder: the last pattern that fits wins."""
    result = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        keep, pattern = pattern.startswith("!"), pattern.lstrip("!")
        parents = [path, *map(str, Path(path).parents)]
        names = [Path(p).name for p in parents] if pattern.startswith("**/") else parents
        if any(fnmatch.fnmatchcase(name, pattern.removeprefix("**/")) for name in names):
            result = not keep
    return result


def test_everything_that_is_copied_is_there_and_reaches_the_builder() -> None:
    sources = [source for sources, _ in copied() for source in sources]
    assert {"setup.py", "package.xml", "fastdepth_ros", "models"} <= set(sources)
    for source in sources:
        assert (ROOT / source).exists(), source
        assert not ignored(source), source
        if (ROOT / source).is_dir():
            assert Path(source).name == next(d for s, d in copied() if s == [source])


def test_nothing_else_reaches_the_builder() -> None:
    sources = {source for sources, _ in copied() for source in sources}
    for path in ROOT.iterdir():
        assert ignored(path.name) == (path.name not in sources), path.name
    assert ignored("fastdepth/__pycache__/card.cpython-312.pyc")
    assert not ignored("fastdepth/card.py")


def test_what_setup_py_reads_and_installs_is_copied() -> None:
    sources = {source for sources, _ in copied() for source in sources}
    text = (ROOT / "setup.py").read_text()
    shared = re.search(r"^SHARED = \((.+)\)$", text, re.MULTILINE)
    assert shared is not None
    assert set(re.findall(r'"(\w+)"', shared.group(1))) <= sources
    assert {"README.md", "setup.cfg", "resource", "LICENSE"} <= sources
    assert {path.parent.name for path in ROOT.glob("fastdepth*/__init__.py")} <= sources


def runs() -> str:
    return "\n".join(of("RUN"))


def test_pip_installs_what_the_package_needs_and_apt_does_not_bring() -> None:
    apt = {word for word in runs().split() if re.fullmatch(r"(python3|ros-jazzy)-[a-z0-9-]+", word)}
    line = next(r for r in of("RUN") if "pip install" in r)
    manifest = (ROOT / "package.xml").read_text()
    # Keys of the manifest that rosdep would resolve by pip, and those it would resolve by apt.
    keys = set(re.findall(r"<exec_depend>(python3-[a-z0-9-]+)</exec_depend>", manifest))
    assert {
        k.removeprefix("python3-").removesuffix("-pip") for k in keys if k.endswith("-pip")
    } <= (set(line.split()))
    assert {key for key in keys if not key.endswith("-pip")} <= apt
    assert "ros-jazzy-cv-bridge" in apt


def test_neither_numpy_nor_opencv_comes_from_pip() -> None:
    """cv_bridge of apt is built for apt's NumPy 1.26; the pins say 2.x."""
    line = next(r for r in of("RUN") if "pip install" in r)
    pattern = next(word for word in shlex.split(line) if word.startswith("^("))
    expression = re.compile(pattern, re.IGNORECASE)
    pins = [
        pin
        for pin in (ROOT / "constraints.txt").read_text().splitlines()
        if pin and not pin.startswith("#") and not expression.match(pin)
    ]
    names = {Requirement(pin).name.lower() for pin in pins}
    assert {"onnxruntime", "rosbags", "protobuf"} <= names
    assert not {"numpy", "opencv-python", "opencv-python-headless", "ros-rclpy"} & names
    assert "numpy<2" in line
    assert "--system-site-packages" in line


def test_the_process_is_not_roots_and_the_environment_comes_first() -> None:
    stages = DOCKERFILE.split("\nFROM ")
    assert len(stages) == 3
    last = instructions()[max(i for i, (w, _) in enumerate(instructions()) if w == "FROM") :]
    words = [word for word, _ in last]
    assert words.index("USER") < words.index("ENTRYPOINT")
    assert not [rest for word, rest in last if word == "USER" and rest in {"root", "0"}]
    environment = dict(pair.split("=", 1) for pair in " ".join(of("ENV")).split())
    # lib/fastdepth/depth_node starts the python3 of the PATH.
    assert environment["PATH"].startswith("/opt/venv/bin:")
    base = "/opt/fastdepth/share/fastdepth/"
    profile = environment["FASTRTPS_DEFAULT_PROFILES_FILE"]
    assert (ROOT / profile.removeprefix(base)).is_file()


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_commands_of_the_image_are_valid_shell() -> None:
    commands = [*of("RUN"), *(c for r in (*of("ENTRYPOINT"), *of("HEALTHCHECK")) for c in inner(r))]
    assert len(commands) > 4
    for command in commands:
        subprocess.run(["bash", "-n", "-c", command], check=True)


def inner(instruction: str) -> list[str]:
    """Return the shell command in an instruction of the form ["/bin/bash", "-c", COMMAND]."""
    listed: list[str] = yaml.safe_load(instruction[instruction.index("[") :])
    assert listed[:2] == ["/bin/bash", "-c"]
    return [listed[2]]


def services() -> dict[str, dict[str, Any]]:
    loaded: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return loaded["services"]


def launches() -> list[tuple[str, list[str]]]:
    """Return launch file and arguments of everything that the image and compose launch."""
    commands = [service["command"] for service in services().values()]
    commands += [yaml.safe_load(rest) for rest in of("CMD")]
    return [(c[3], c[4:]) for c in commands if c[:3] == ["ros2", "launch", "fastdepth"]]


def test_launch_arguments_are_those_of_the_launch_files() -> None:
    assert len(launches()) == 2
    for file, given in launches():
        arguments = declared(file)
        for word in given:
            name, _, value = word.partition(":=")
            assert name in arguments, word
            choices = arguments[name].choices
            assert choices is None or value in choices, word


def test_services_share_network_and_memory_with_the_host() -> None:
    assert set(services()) == {"depth", "camera"}
    for service in services().values():
        assert service["network_mode"] == "host"
        assert service["ipc"] == "host"
        assert (ROOT / service["build"] / "Dockerfile").is_file()
    assert services()["camera"]["profiles"] == ["camera"]
    assert "profiles" not in services()["depth"]


def test_the_depth_service_takes_what_the_camera_service_publishes() -> None:
    camera = services()["camera"]["command"]
    package, executable = camera[2:4]
    source = (ROOT / "launch" / "camera.launch.py").read_text()
    assert f'package="{package}"' in source
    assert f'executable="{executable}"' in source
    assert f"ros-jazzy-{package.replace('_', '-')}" in " ".join(of("ARG"))
    namespace = next(w.removeprefix("__ns:=") for w in camera if w.startswith("__ns:="))
    (image,) = (w for w in services()["depth"]["command"] if w.startswith("image:="))
    assert image.endswith(f":-{namespace}/image_raw}}")
