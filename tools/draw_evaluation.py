"""Draw the pictures of docs/evaluation.md: the report on the sample bag, as a browser shows it.

Needs Chromium. Run it again when the model, the sample bag or the report changes.

    python tools/draw_evaluation.py [--bag samples/rooms] [--model FILE] [--out docs/images]
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2

from fastdepth.evaluation import Options, evaluate_source
from fastdepth.frame import U8Array
from fastdepth.paths import default_model

ROOT = Path(__file__).resolve().parents[1]
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_WIDTH = 1180
_DRAWN = 900  # pixels wide in the documentation
_JPEG_QUALITY = 80
# Parts of the page: from one element to before another.
_PARTS = {
    "evaluation_summary": ("h1", "h3:nth-of-type(2)"),
    "evaluation_time": ("h2:nth-of-type(2)", "h2:nth-of-type(4)"),
}


def shoot(page: Path, start: str, stop: str, folder: Path) -> U8Array:
    """Return the part of a page from one element to another, as a picture (BGR)."""
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        sys.exit("draw_evaluation: Chromium is not installed")
    # Everything before the part and from its end on is taken away.
    hide = (
        "<script>const all=[...document.querySelector('main').children],"
        f"a=all.indexOf(document.querySelector('{start}')),"
        f"b=all.indexOf(document.querySelector('{stop}'));"
        "all.forEach((e,i)=>{if(i<a||i>=b)e.remove()});</script>"
    )
    part = folder / "part.html"
    part.write_text(page.read_text("utf-8").replace("</main>", f"</main>{hide}"), "utf-8")
    picture = folder / "part.png"
    subprocess.run(
        [
            program,
            "--headless=new",
            "--no-sandbox",
            "--hide-scrollbars",
            f"--user-data-dir={folder / 'chromium'}",
            f"--window-size={_WIDTH},2400",
            f"--screenshot={picture}",
            part.as_uri(),
        ],
        check=True,
        capture_output=True,
    )
    image = cv2.imread(str(picture))
    used = (image < 250).any(axis=(1, 2)).nonzero()[0]
    return image[: int(used[-1]) + 24]


def main(argv: list[str] | None = None) -> int:
    """Draw the pictures; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bag", type=Path, default=ROOT / "samples" / "rooms")
    parser.add_argument("--model", type=Path, help="default: the package's own")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    options = Options(args.model or default_model(), record_rate=0.0, pictures=1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        evaluate_source(args.bag, options, folder / "out", lambda *_: None, lambda: False)
        for part, (start, stop) in _PARTS.items():
            image = shoot(folder / "out" / "report.html", start, stop, folder)
            height = round(image.shape[0] * _DRAWN / image.shape[1])
            small = cv2.resize(image, (_DRAWN, height), interpolation=cv2.INTER_AREA)
            path = args.out / f"{part}.jpg"
            cv2.imwrite(str(path), small, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
            print(f"{path}: {path.stat().st_size // 1000} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
