"""What pip, colcon and ROS are told about the package agrees with what is there."""

import ast
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import setuptools
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import fastdepth
from fastdepth.cli.main import VERBS
from test.test_architecture import imported_modules, top_level

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("fastdepth", "fastdepth_ros", "fastdepth_train")
SHARED = ("launch", "config", "models", "samples")
# Imports whose rosdep key has another name.
ROSDEP_KEYS = {
    "cv2": "python3-opencv",
    "h5py": "python3-h5py",
    "hypothesis": "python3-hypothesis",
    "matplotlib": "python3-matplotlib",
    "numpy": "python3-numpy",
    "onnxruntime": "python3-onnxruntime-pip",
    "packaging": "python3-packaging",
    "pytest": "python3-pytest",
    "rich": "python3-rich",
    "rosbags": "python3-rosbags-pip",
    "scipy": "python3-scipy",
    "setuptools": "python3-setuptools",
    "torch": "python3-torch",
    "torchvision": "python3-torchvision",
    "yaml": "python3-yaml",
}
# Imports that rosdep does not know; an extra brings them.
WITHOUT_KEY = frozenset(
    {
        "ai_edge_litert",
        "flatbuffers",
        "jsonargparse",
        "lightning",
        "mcap",
        "mcap_ros2",
        "nbclient",
        "nbformat",
        "onnx",
        "onnxscript",
        "openvino",
        "ray",
        "tensorboard",
        "torch_pruning",
        "torchmetrics",
    }
)


@pytest.fixture(scope="module")
def description():
    """Return the keyword arguments that setup.py hands to setuptools."""
    given = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(setuptools, "setup", lambda **keywords: given.update(keywords))
        patch.chdir(ROOT)
        source = (ROOT / "setup.py").read_text("utf-8")
        exec(compile(source, "setup.py", "exec"), {"__file__": str(ROOT / "setup.py")})
    return given


@pytest.fixture(scope="module")
def manifest():
    return ET.parse(ROOT / "package.xml").getroot()


@pytest.fixture(scope="module")
def pins():
    """Return the lines of constraints.txt by package name; a line with a marker may repeat it."""
    found = {}
    for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            pin = Requirement(line)
            found.setdefault(canonicalize_name(pin.name), []).append(pin)
    return found


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """Return a source distribution and a wheel built from it, made of a copy of the checkout."""
    folder = tmp_path_factory.mktemp("archives")
    tree = folder / "tree"
    unwanted = shutil.ignore_patterns(
        ".*", "__pycache__", "*.egg-info", "build", "install", "log", "out", "runs"
    )
    shutil.copytree(ROOT, tree, ignore=unwanted)
    call = (
        "import sys; from setuptools import build_meta as b; getattr(b, sys.argv[1])(sys.argv[2])"
    )
    run_in(tree, [sys.executable, "-c", call, "build_sdist", str(folder)])
    (sdist,) = folder.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    run_in(unpacked, [sys.executable, "-c", call, "build_wheel", str(folder)])
    (wheel,) = folder.glob("*.whl")
    return sdist, wheel


def run_in(folder, command, **variables):
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def shared_files():
    """Return the files of the shared folders, relative to the checkout."""
    found = [path for folder in SHARED for path in (ROOT / folder).rglob("*") if path.is_file()]
    relative = [path.relative_to(ROOT) for path in found]
    return {str(p) for p in relative if not any(x.startswith((".", "__")) for x in p.parts)}


def imports_of(folders):
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    sources = [path.read_text("utf-8") for path in files]
    modules = {name for text in sources for name in imported_modules(text, for_types=False)}
    own = {*ROOMS, "test", *(path.stem for path in (ROOT / "tools").iterdir())}
    return top_level(modules) - set(sys.stdlib_module_names) - own


def declared(manifest, kinds):
    return {element.text for kind in kinds for element in manifest.findall(kind)}


def test_the_version_is_the_same_everywhere(description, manifest):
    assert re.fullmatch(r"\d+\.\d+\.\d+", fastdepth.__version__)
    assert description["version"] == fastdepth.__version__
    assert manifest.findtext("version") == fastdepth.__version__
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    newest = re.search(r"^## \[?v?(\d+\.\d+\.\d+)", changes, re.MULTILINE)
    assert newest is not None
    assert newest.group(1) == fastdepth.__version__


def test_the_manifest_is_an_ament_python_package(description, manifest):
    assert manifest.get("format") == "3"
    assert manifest.findtext("name") == description["name"] == "fastdepth"
    assert manifest.findtext("export/build_type") == "ament_python"
    licence = manifest.find("license")
    assert licence.text == description["license"] == "Apache-2.0"
    text = (ROOT / licence.get("file")).read_text("utf-8")
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_manifest_declares_what_the_package_imports(description, manifest):
    imported = imports_of([*ROOMS, "launch"])
    assert {"numpy", "cv2", "onnxruntime", "rclpy", "cv_bridge"} <= imported
    keys = {ROSDEP_KEYS.get(name, name) for name in imported - WITHOUT_KEY}
    assert keys - declared(manifest, ["depend", "exec_depend"]) == set()
    extras = description["extras_require"]
    brought = {Requirement(line).name for name in extras if name != "test" for line in extras[name]}
    assert imported & WITHOUT_KEY <= {name.replace("-", "_") for name in brought}


def test_the_manifest_declares_what_the_tests_import(manifest):
    keys = {ROSDEP_KEYS.get(name, name) for name in imports_of(["test"]) - WITHOUT_KEY}
    kinds = ["depend", "exec_depend", "test_depend"]
    assert keys - declared(manifest, kinds) == set()
    assert "launch_testing" in declared(manifest, ["test_depend"])


def test_training_is_no_dependency_of_a_robot(description, manifest):
    robot = [e.text for e in manifest.findall("exec_depend") if e.get("condition") is None]
    assert not [key for key in robot if "torch" in key]
    runtime = {Requirement(line).name for line in description["install_requires"]}
    assert runtime == {"numpy", "onnxruntime", "opencv-python", "PyYAML"}


def extras_named_by_errors():
    """Return the extras that the sources tell a user to install: the second argument."""
    trees = [ast.parse(p.read_text("utf-8")) for room in ROOMS for p in (ROOT / room).rglob("*.py")]
    return {
        node.args[1].value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "MissingExtraError"
        and isinstance(node.args[1], ast.Constant)
    }


def test_every_extra_that_is_named_exists(description):
    extras = description["extras_require"]
    assert {verb.extra for verb in VERBS.values()} - {""} <= set(extras)
    named = extras_named_by_errors()
    assert "bags" in named
    assert named <= set(extras)
    parts = {line for name, lines in extras.items() if name != "all" for line in lines}
    assert set(extras["all"]) == parts


def test_every_requirement_is_pinned_to_a_version_it_allows(description, pins):
    extras = description["extras_require"].values()
    lines = [*description["install_requires"], *(line for extra in extras for line in extra)]
    for requirement in map(Requirement, lines):
        found = pins.get(canonicalize_name(requirement.name), [])
        assert found, f"{requirement.name} is not in constraints.txt"
        for pin in found:
            (version,) = pin.specifier
            assert version.operator == "=="
            assert requirement.specifier.contains(version.version), str(pin)


def test_what_requirements_bring_is_pinned_too(description, pins):
    extras = description["extras_require"]["all"]
    todo = list(map(Requirement, [*description["install_requires"], *extras]))
    seen = set()
    missing = set()
    while todo:
        requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        key = (name, frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        try:
            lines = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue  # not for this platform, or an extra that is not installed
        if name not in pins:
            missing.add(name)
        names = requirement.extras or {""}
        wanted = [Requirement(line) for line in lines]
        todo += [
            w for w in wanted if not w.marker or any(w.marker.evaluate({"extra": e}) for e in names)
        ]
    assert len(seen) > 10
    assert missing == set()


def test_no_version_is_pinned_twice_for_one_python(pins):
    for lines in pins.values():
        for minor in range(10, 15):
            environment = {"python_version": f"3.{minor}"}
            fits = [p for p in lines if p.marker is None or p.marker.evaluate(environment)]
            assert len(fits) <= 1, [str(p) for p in fits]


def test_data_files_lie_where_ros_looks(description):
    placed = {
        f"{place}/{Path(path).name}": path
        for place, paths in description["data_files"]
        for path in paths
    }
    assert all((ROOT / path).is_file() for path in placed.values())
    expected = {f"share/fastdepth/{path}": path for path in shared_files()}
    expected["share/ament_index/resource_index/packages/fastdepth"] = "resource/fastdepth"
    expected["share/fastdepth/package.xml"] = "package.xml"
    for name in ("depth_node", "evaluate_node"):
        expected[f"lib/fastdepth/{name}"] = f"resource/{name}"
    assert placed == expected
    assert {Path(path).parts[0] for path in placed.values()} >= {"launch", "config", "models"}


def test_a_source_distribution_is_enough_to_install_from(archives):
    _, wheel = archives
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        prefix = f"fastdepth-{fastdepth.__version__}"
        data = f"{prefix}.data/data"
        assert {f"{data}/share/fastdepth/{path}" for path in shared_files()} <= names
        sources = {str(p.relative_to(ROOT)) for room in ROOMS for p in (ROOT / room).rglob("*.py")}
        assert sources <= names
        assert {f"{room}/py.typed" for room in ROOMS} <= names
        assert not [name for name in names if name.startswith(("test/", "tools/"))]
        launcher = archive.getinfo(f"{data}/lib/fastdepth/depth_node")
        assert launcher.external_attr >> 16 & 0o111 == 0o111
        scripts = archive.read(f"{prefix}.dist-info/entry_points.txt").decode()
        assert "fastdepth = fastdepth.cli.main:main" in scripts


def test_a_source_distribution_holds_the_tests(archives):
    sdist, _ = archives
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "README.md", "Makefile", "constraints.txt", "test/test_package.py"} <= names


@pytest.fixture
def installed_launcher(tmp_path):
    """Return the launcher in a prefix (with a space in its path) and a PATH's python3."""
    launcher = tmp_path / "a prefix" / "lib" / "fastdepth" / "depth_node"
    launcher.parent.mkdir(parents=True)
    shutil.copy(ROOT / "resource" / "depth_node", launcher)
    write_echo(tmp_path / "path" / "python3", "from the path")
    return launcher, f"{tmp_path / 'path'}:/usr/bin:/bin"


def write_echo(path, name):
    """Write a stand-in for an interpreter that prints its name and its arguments."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\necho "{name}"\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    path.chmod(0o755)


def test_the_launcher_runs_the_virtual_environments_python(installed_launcher, tmp_path):
    launcher, path = installed_launcher
    prefix = launcher.parents[2]
    (prefix / "pyvenv.cfg").touch()
    write_echo(prefix / "bin" / "python", "from the environment")
    out = run_in(tmp_path, [str(launcher), "--ros-args", "-r", "a:=b c"], PATH=path)
    assert out.splitlines() == [
        "from the environment",
        "-m",
        "fastdepth_ros.depth_node",
        "--ros-args",
        "-r",
        "a:=b c",
    ]


def test_the_launcher_runs_the_paths_python_elsewhere(installed_launcher, tmp_path):
    launcher, path = installed_launcher
    write_echo(launcher.parents[2] / "bin" / "python", "from another python")
    assert run_in(tmp_path, [str(launcher)], PATH=path).splitlines()[0] == "from the path"


def test_the_launcher_starts_a_module_that_runs():
    assert '__name__ == "__main__"' in (ROOT / "fastdepth_ros" / "depth_node.py").read_text("utf-8")
