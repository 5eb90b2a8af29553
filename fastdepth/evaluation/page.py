"""A self-contained HTML page: the frame, the style, tables and inline pictures."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape

import cv2
import numpy as np

from fastdepth.errors import OutputError
from fastdepth.frame import U8Array

_JPEG_QUALITY = 82

_STYLE = """
:root { --ink: #1f2328; --pale: #59636e; --line: #d1d9e0; --soft: #f6f8fa; --blue: #1f6feb; }
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: #fff; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 24px 20px 60px; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 40px 0 6px; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 20px 0 4px; }
p { margin: 6px 0; max-width: 75ch; overflow-wrap: anywhere; }
a { color: var(--blue); }
.pale { color: var(--pale); font-size: .9rem; overflow-wrap: anywhere; }
.note, .alert { padding: 10px 14px; border-radius: 6px; background: var(--soft); }
.alert { background: #fff8e6; border: 1px solid #e5c76b; margin: 10px 0; }
code { background: var(--soft); padding: 1px 4px; border-radius: 3px; font-size: .92em; }
ul.said { padding-left: 20px; margin: 8px 0; }
ul.said li { margin: 5px 0; max-width: 80ch; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 10px; }
.card { border: 1px solid var(--line); border-radius: 6px; padding: 10px 12px; }
.card b { display: block; font-size: 1.5rem; line-height: 1.2; }
.card span { color: var(--pale); font-size: .85rem; }
.plots { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 18px 24px; }
figure { margin: 0; min-width: 0; }
figcaption { font-size: .9rem; margin: 2px 0 6px; overflow-wrap: anywhere; }
.plot { width: 100%; height: auto; display: block; font: 13px system-ui, sans-serif; }
.plot text { fill: var(--ink); } .plot .small { font-size: 11px; fill: var(--pale); }
.plot .label { fill: var(--pale); } .plot .middle { text-anchor: middle; }
.plot .end { text-anchor: end; } .plot .grid { stroke: #e6eaee; }
.plot .axis { stroke: #8b949e; } .plot .reference { stroke: #8b949e; stroke-dasharray: 5 4; }
.plot .line { fill: none; stroke-width: 1.8; } .plot .bar { fill: var(--blue); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .92rem; margin: 8px 0; }
th, td { text-align: left; padding: 4px 12px 4px 0; border-bottom: 1px solid var(--line); }
th { color: var(--pale); font-weight: 600; vertical-align: bottom; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.panels { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 6px; }
.panels.two { grid-template-columns: repeat(2, minmax(0, 1fr)); max-width: 600px; }
.panels img { width: 100%; display: block; border-radius: 3px; }
.panels span, .scale .what { font-size: .8rem; color: var(--pale); }
.shot { margin: 14px 0 20px; }
.scales { display: flex; flex-wrap: wrap; gap: 6px 32px; }
.scale { flex: 1 1 260px; max-width: 480px; padding: 0 14px; }
.scale img { width: 100%; height: 14px; display: block; }
.ticks { position: relative; height: 20px; font-size: .8rem; }
.ticks span { position: absolute; transform: translateX(-50%); white-space: nowrap; }
.tiles { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 4px; }
.tiles div { padding: 16px 4px; text-align: center; border-radius: 3px; font-size: .9rem; }
@media (max-width: 760px) {
  .plots { grid-template-columns: minmax(0, 1fr); }
  .panels { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  main { padding: 16px 14px 40px; }
  .scale { padding: 0 20px; }
}
"""


def page(title: str, body: Iterable[str]) -> str:
    """Return a whole page; `body` is HTML, `title` is text."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        # An empty icon, so that no browser asks for one.
        '<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style></head>\n"
        f"<body><main>\n{chr(10).join(body)}\n</main></body></html>\n"
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]], texts: int = 1) -> str:
    """Return a table of texts; columns from number `texts` on are numbers, set to the right."""

    def cells(tag: str, row: Sequence[str]) -> str:
        return "".join(
            f"<{tag}{' class=number' if index >= texts else ''}>{escape(cell)}</{tag}>"
            for index, cell in enumerate(row)
        )

    lines = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    top = f"<thead><tr>{cells('th', head)}</tr></thead>" if any(head) else ""
    return f'<div class="scroll"><table>{top}<tbody>{lines}</tbody></table></div>'


def paragraphs(texts: Iterable[str], kind: str = "") -> str:
    """Return texts as paragraphs of a class."""
    attribute = f' class="{kind}"' if kind else ""
    return "\n".join(f"<p{attribute}>{escape(text)}</p>" for text in texts)


def picture(image: U8Array, alt: str, *, lossless: bool = False) -> str:
    """Return an HxWx3 uint8 RGB picture as an img element with the data in it.

    Raises:
        OutputError: OpenCV cannot encode it.

    """
    kind = "png" if lossless else "jpeg"
    parameters = [] if lossless else [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    done, data = cv2.imencode(f".{kind}", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), parameters)
    if not done:
        msg = f"OpenCV could not encode a picture of shape {image.shape}"
        raise OutputError(msg)
    encoded = base64.b64encode(bytes(data)).decode()
    return f'<img alt="{escape(alt)}" src="data:image/{kind};base64,{encoded}">'


def colour_scale(what: str, colours: U8Array, ticks: Sequence[tuple[float, str]]) -> str:
    """Return a colour bar.

    Args:
        what: it is of.
        colours: 256x3 uint8 RGB.
        ticks: where along it, 0..1, and what is written there.

    """
    bar = picture(np.ascontiguousarray(colours[None]), what, lossless=True)
    labels = "".join(
        f'<span style="left:{100 * place:.1f}%">{escape(text)}</span>' for place, text in ticks
    )
    return (
        f'<div class="scale"><span class="what">{escape(what)}</span>{bar}'
        f'<div class="ticks">{labels}</div></div>'
    )
