"""An install prefix in which ROS finds the node of this source tree."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from test.fastdepth_ros.isolation import ENVIRONMENT, ROOT

_START = "#!/bin/sh\nexec env PYTHONPATH='{root}' '{python}' -m fastdepth_ros.depth_node \"$@\"\n"


def make_prefix(folder: Path) -> Path:
    """Make the prefix and return its path."""
    prefix = folder / "prefix"
    index = prefix / "share" / "ament_index" / "resource_index" / "packages"
    index.mkdir(parents=True)
    (index / "fastdepth").write_text("")
    share = prefix / "share" / "fastdepth"
    share.mkdir()
    for name in ("launch", "config"):  # copied, since ros2 launch follows no links to folders
        shutil.copytree(ROOT / name, share / name)
    shutil.copy(ROOT / "package.xml", share)
    program = prefix / "lib" / "fastdepth" / "depth_node"
    program.parent.mkdir(parents=True)
    program.write_text(_START.format(root=ROOT, python=sys.executable))
    program.chmod(0o755)
    return prefix


def environment(prefix: Path, domain: int, logs: Path) -> dict[str, str]:
    """Return the variables with which ROS's own programs find that prefix and nobody else."""
    paths = [str(prefix), os.environ.get("AMENT_PREFIX_PATH", ""), sys.prefix]
    # ros2 beside this interpreter, whether its environment is activated or not.
    search = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    return ENVIRONMENT | {
        "AMENT_PREFIX_PATH": os.pathsep.join(filter(None, paths)),
        "PATH": os.pathsep.join(filter(None, search)),
        "ROS_DOMAIN_ID": str(domain),
        "ROS_LOG_DIR": str(logs),
    }
