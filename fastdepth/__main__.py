"""Run the command as `python -m fastdepth`."""

import sys

from fastdepth.cli.main import main

sys.exit(main())
