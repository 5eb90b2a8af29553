"""Opens pages in headless Chromium, where it is installed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_HARNESS = """<!doctype html><body>
<script>
const widths = %s, found = {}, frames = [];
for (const width of widths) {
  const frame = document.createElement("iframe");
  frame.width = width; frame.height = 900; frame.src = %s;
  frames.push(new Promise(done => frame.onload = () => {
    const page = frame.contentDocument, root = page.documentElement;
    const images = [...page.images];
    const wide = [...page.querySelectorAll("main *")].filter(e => {
      const box = e.getBoundingClientRect();
      return box.right > width + 1 && !e.closest(".scroll");
    });
    found[width] = {
      images: images.length,
      broken: images.filter(i => !i.complete || !i.naturalWidth).length,
      overflow: root.scrollWidth - root.clientWidth,
      wide: wide.map(e => e.outerHTML.slice(0, 120)),
      smallest: Math.min(...[...page.querySelectorAll("main *, svg text")]
        .filter(e => e.childElementCount == 0 && e.textContent.trim())
        .map(e => parseFloat(getComputedStyle(e).fontSize)
          * (e.ownerSVGElement ? e.ownerSVGElement.getScreenCTM().a : 1))),
      text: page.body.innerText.length,
    };
    done();
  }));
  document.body.append(frame);
}
Promise.all(frames).then(() => {
  const out = document.createElement("pre");
  out.id = "found"; out.textContent = JSON.stringify(found);
  document.body.append(out);
});
</script></body>"""


def inspect(page: Path, widths: tuple[int, ...]) -> tuple[dict[str, Any], list[str]]:
    """Lay a page out at some widths; return what was found at each, and console messages.

    Skips the test where there is no Chromium.
    """
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        pytest.skip("needs Chromium (apt-get install chromium), which is not here")
    harness = page.with_name("harness.html")
    harness.write_text(_HARNESS % (json.dumps(widths), json.dumps(page.name)))
    done = subprocess.run(
        [
            program,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--allow-file-access-from-files",
            f"--user-data-dir={page.parent / 'chromium'}",
            "--enable-logging=stderr",
            "--virtual-time-budget=20000",
            "--dump-dom",
            harness.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    found = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr[-2000:]
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return json.loads(unescape(found.group(1))), console
