"""Bring the figures of `fastdepth bench --json FILE` into README and docs/performance.md.

python tools/publish_bench.py FILE
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from fastdepth.bench.publish import publish
from fastdepth.errors import FastDepthError

ROOT = Path(__file__).resolve().parents[1]


def main(argv: list[str] | None = None) -> int:
    """Publish; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("json", type=Path, help="what fastdepth bench wrote")
    args = parser.parse_args(argv)
    try:
        written = publish(
            json.loads(args.json.read_text(encoding="utf-8")),
            readme=ROOT / "README.md",
            performance=ROOT / "docs" / "performance.md",
            images=ROOT / "docs" / "images",
        )
    except FastDepthError as err:
        print(f"publish_bench: {err}", file=sys.stderr)
        return 1
    print("wrote " + ", ".join(str(path.relative_to(ROOT)) for path in written))
    return 0


if __name__ == "__main__":
    sys.exit(main())
