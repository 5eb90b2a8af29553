"""Train a network as `python -m fastdepth_train`: the same as `fastdepth train`, without ROS."""

import sys

from fastdepth.cli.main import main

sys.exit(main(["train", *sys.argv[1:]]))
