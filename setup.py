"""Describe the package to pip and colcon; package.xml describes it to ROS."""

import re
from collections import defaultdict
from pathlib import Path

from setuptools import Distribution, find_packages, setup

NAME = "fastdepth"
# colcon build --symlink-install runs a link to this file in a folder that lacks most of the rest.
ROOT = Path(__file__).resolve().parent
EXECUTABLES = ("depth_node", "evaluate_node")
SHARED = ("launch", "config", "models", "samples")

# Wheels of ROS 2 Jazzy; they exist for this platform alone, others have ROS from its own packages.
_WHEELS = 'sys_platform == "linux" and platform_machine == "x86_64"'

BAGS = ["rich", "rosbags"]
ROS = [
    *BAGS,
    f"ros-rclpy[fastrtps]==7.1.6; {_WHEELS}",
    f"ros-sensor-msgs==5.3.6; {_WHEELS}",
    f"ros-diagnostic-msgs==5.3.6; {_WHEELS}",
    f"ros-rosgraph-msgs==2.0.3; {_WHEELS}",
    f"ros-std-srvs==5.3.6; {_WHEELS}",
]
OPENVINO = ["openvino"]
CLUSTER = ["ray"]
HDF5 = ["h5py"]
TFLITE = ["ai-edge-litert"]
TRAIN = [
    *HDF5,
    "jsonargparse[signatures]",
    "lightning",
    "matplotlib",
    "onnx",
    "onnxscript",
    "rich",
    "tensorboard",
    "torch",
    "torch-pruning",
    "torchmetrics",
    "torchvision",
]
# launch_pytest, which ROS brings, does not work with pytest 8.4 and later.
TEST = [
    "hypothesis",
    "ipykernel",
    "mcap",
    "mcap-ros2-support",
    "mypy",
    "nbclient",
    "nbformat",
    "pytest>=7,<8.4",
    "ruff",
    "types-PyYAML",
]


class WithData(Distribution):
    """Installs data_files in an editable install too: setuptools asks for `has_data` there."""

    def has_data(self) -> bool:
        """Tell whether there are data_files."""
        return bool(self.has_data_files())


def version() -> str:
    """Return `__version__` of the package without importing it."""
    text = (ROOT / NAME / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    if found is None:
        msg = f"{NAME}/__init__.py has no __version__"
        raise ValueError(msg)
    return found.group(1)


def data_files() -> list[tuple[str, list[str]]]:
    """Return what ROS looks for under the install prefix; every file by its destination."""
    share = Path("share", NAME)
    places: dict[Path, list[Path]] = defaultdict(list)
    places[Path("share/ament_index/resource_index/packages")] = [Path("resource", NAME)]
    places[share] = [Path("package.xml")]
    # A file and not an entry point: pip puts entry points into bin, where ROS does not look.
    places[Path("lib", NAME)] = [Path("resource", name) for name in EXECUTABLES]
    for folder in SHARED:
        for found in sorted((ROOT / folder).rglob("*")):
            path = found.relative_to(ROOT)
            if found.is_file() and not any(part.startswith((".", "__")) for part in path.parts):
                places[share / path.parent].append(path)
    return [(str(place), [str(path) for path in paths]) for place, paths in places.items()]


setup(
    distclass=WithData,
    name=NAME,
    version=version(),
    description="Metric depth from one camera, as a ROS 2 node",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    maintainer="The fastdepth authors",
    maintainer_email="maintainers@fastdepth.invalid",
    license="Apache-2.0",
    packages=find_packages(include=[f"{NAME}*"]),
    package_data={"": ["py.typed"]},
    data_files=data_files(),
    zip_safe=False,
    python_requires=">=3.10",
    install_requires=["numpy>=1.26", "onnxruntime", "opencv-python>=4.6", "PyYAML"],
    extras_require={
        "bags": BAGS,
        "cluster": CLUSTER,
        "hdf5": HDF5,
        "openvino": OPENVINO,
        "ros": ROS,
        "train": TRAIN,
        "test": TEST,
        "tflite": TFLITE,
        "all": sorted({*CLUSTER, *OPENVINO, *ROS, *TFLITE, *TRAIN, *TEST}),
    },
    entry_points={"console_scripts": [f"{NAME} = fastdepth.cli.main:main"]},
)
