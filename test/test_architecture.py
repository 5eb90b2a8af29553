"""The rooms rule: the core knows neither ROS nor torch, and the outer rooms never meet."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from fastdepth.cli.main import VERBS

ROOT = Path(__file__).resolve().parents[1]
ROS = frozenset(
    {
        "ament_index_python",
        "builtin_interfaces",
        "cv_bridge",
        "diagnostic_msgs",
        "geometry_msgs",
        "launch",
        "launch_ros",
        "launch_testing",
        "lifecycle_msgs",
        "message_filters",
        "rcl_interfaces",
        "rclpy",
        "rosgraph_msgs",
        "sensor_msgs",
        "std_msgs",
        "std_srvs",
    }
)
TORCH = frozenset(
    {
        "jsonargparse",
        "lightning",
        "onnxscript",
        "pytorch_lightning",
        "torch",
        "torch_pruning",
        "torchmetrics",
        "torchvision",
    }
)
# Python packages that a robot need not have; whoever needs one imports it where it is used.
EXTRAS = frozenset(
    {
        "ai_edge_litert",
        "h5py",
        "matplotlib",
        "mitsuba",
        "onnx",
        "openvino",
        "ray",
        "rich",
        "rosbags",
    }
)
FORBIDDEN = {
    "fastdepth": ROS | TORCH | {"fastdepth_ros", "fastdepth_train"},
    "fastdepth_ros": TORCH | {"fastdepth_train"},
    "fastdepth_train": ROS | {"fastdepth_ros"},
}


class WithoutTypeImports(ast.NodeTransformer):
    """Drops what a source imports for type checkers alone."""

    def visit_If(self, node: ast.If) -> ast.AST:
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = [ast.Pass()]
        return self.generic_visit(node)


def imported_modules(source: str, *, for_types: bool = True) -> set[str]:
    """Return the full names of all modules a source imports, at any depth of nesting."""
    names = set()
    tree = ast.parse(source)
    for node in ast.walk(tree if for_types else WithoutTypeImports().visit(tree)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module)
        elif isinstance(node, ast.Call) and node.args:
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            name = node.args[0]
            if called in {"import_module", "__import__"} and isinstance(name, ast.Constant):
                names.add(str(name.value))
    return names


def top_level(modules: set[str]) -> set[str]:
    return {name.split(".")[0] for name in modules}


def run_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def block(names: frozenset[str]) -> str:
    """Return code that makes importing any of `names` fail as if it were not installed."""
    return (
        "import sys\n"
        "class Blocker:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.split('.')[0] in {set(names)!r}:\n"
        "            raise ModuleNotFoundError(f'{name} is blocked', name=name)\n"
        "sys.meta_path.insert(0, Blocker())\n"
    )


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import torch.nn as nn, os", {"torch.nn", "os"}),
        ("from rclpy.node import Node", {"rclpy.node"}),
        ("def f():\n    if True:\n        import torch", {"torch"}),
        ("import importlib\nimportlib.import_module('torch')", {"importlib", "torch"}),
        ("from . import neighbour", set()),
        ("'import torch'", set()),
    ],
)
def test_imports_are_found_wherever_they_stand(source, expected):
    assert imported_modules(source) == expected


def test_imports_for_types_can_be_left_out():
    source = "import a\nif TYPE_CHECKING:\n    import b\nelse:\n    import c"
    assert imported_modules(source) == {"a", "b", "c"}
    assert imported_modules(source, for_types=False) == {"a", "c"}


@pytest.mark.parametrize("room", sorted(FORBIDDEN))
def test_no_room_imports_what_it_must_not(room):
    files = sorted((ROOT / room).rglob("*.py"))
    assert files
    found = {
        str(path.relative_to(ROOT)): sorted(bad)
        for path in files
        if (bad := top_level(imported_modules(path.read_text("utf-8"))) & FORBIDDEN[room])
    }
    assert found == {}


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_lives_in_a_module_that_exists(verb):
    path = ROOT / VERBS[verb].module.replace(".", "/")
    source = path.with_suffix(".py")
    names = {n.name for n in ast.parse(source.read_text("utf-8")).body if hasattr(n, "name")}
    assert "main" in names


def test_help_loads_nothing_heavy():
    heavy = sorted(ROS | TORCH | EXTRAS | {"cv2", "numpy", "onnxruntime"})
    out = run_python(
        "import sys\n"
        "from fastdepth.cli.main import main\n"
        "assert main(['--help']) == 0\n"
        f"print('loaded:', sorted(set({heavy}) & set(sys.modules)))\n"
    )
    assert all(verb in out for verb in VERBS)
    assert out.splitlines()[-1] == "loaded: []"


def test_the_estimator_needs_only_the_runtime():
    run_python(
        block(ROS | TORCH | EXTRAS)
        + "import fastdepth.estimator, fastdepth.messages, fastdepth.metrics, fastdepth.protocols\n"
        "import fastdepth.cli.info\n"
    )


def test_the_node_needs_only_ros_and_the_runtime():
    pytest.importorskip("rclpy")
    run_python(block(TORCH | EXTRAS | {"cv_bridge"}) + "import fastdepth_ros.depth_node\n")


def test_playing_a_bag_names_the_extra_it_needs():
    pytest.importorskip("rosbags")
    out = run_python(
        block(ROS)
        + "import contextlib\n"
        + "from fastdepth.cli.main import main\n"
        + "with contextlib.redirect_stderr(sys.stdout):\n"
        + "    assert main(['bag', 'play', 'x']) == 1\n"
    )
    assert "fastdepth[ros]" in out
