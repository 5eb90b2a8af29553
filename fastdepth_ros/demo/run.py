"""The demo from start to end: play, record, score, draw, report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from fastdepth.animation import can_write_animation, write_animation
from fastdepth.bags import BagReader, BagTopics, find_topics
from fastdepth.card import ModelCard
from fastdepth.engines import read_card
from fastdepth.files import write_json
from fastdepth.pictures import write_picture
from fastdepth_ros.demo.accounting import summarise_ms
from fastdepth_ros.demo.gallery import Gallery
from fastdepth_ros.demo.live import DEPTH, LiveRun, run_live
from fastdepth_ros.demo.output import ANIMATION, LOG, METRICS, RECORDING, STRIP, output_folder
from fastdepth_ros.demo.player import wire_name
from fastdepth_ros.demo.report import Report
from fastdepth_ros.demo.scoring import RecordedPairs, Scorer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What to play, through what, and where the results go.

    Attributes:
        bag: to play.
        model: ONNX file with a model card.
        out: folder for the results; that of an earlier demo is replaced.
        rate: seconds of the bag played in one second.
        image: image topic, or None to find it.
        camera_info: its camera_info topic, or None to find it.
        depth: ground-truth topic, or None to find it.
        threads: for inference; 0 lets the node choose.
        camera_aware: scale depth to the camera of the bag.

    """

    bag: Path
    model: Path
    out: Path
    rate: float = 1.0
    image: str | None = None
    camera_info: str | None = None
    depth: str | None = None
    threads: int = 0
    camera_aware: bool = True


class Track(Protocol):
    """Shows progress while items pass through (`fastdepth.cli.common.track` is one)."""

    def __call__(self, items: Iterable[T], total: int, label: str) -> Iterator[T]:
        """Yield the items."""
        ...


def run_demo(options: DemoOptions, track: Track) -> tuple[Report, dict[str, str]]:
    """Play a bag through the real node, score its depth and write everything down.

    Args:
        options: what to do.
        track: shows progress.

    Returns:
        The figures, and the files written: name in the output folder to what it is.

    Raises:
        FastDepthError: the bag, the model or the output folder is not usable, or no depth came
            back; nothing is written then.

    """
    card = read_card(options.model)
    with output_folder(options.out, options.bag) as folder, BagReader(options.bag) as reader:
        topics = find_topics(reader, options.image, options.camera_info, options.depth)
        live = run_live(
            reader,
            topics,
            folder / RECORDING,
            folder / LOG,
            _node_parameters(options, topics),
            rate=options.rate,
            track=track,
        )
        scorer, gallery = Scorer(), Gallery()
        pairs = RecordedPairs(folder / RECORDING, _recorded(topics), DEPTH, card)
        for pair in track(pairs, live.frames_in, "scoring"):
            scorer.add(pair)
            gallery.add(pair)
        report = _report(options, topics, card, live, scorer)
        files = _draw(folder, gallery, report, track)
        write_json(folder / METRICS, report.to_json())
    files[METRICS] = "these figures, for programs"
    files[RECORDING] = f"bag (mcap) with the frames and {DEPTH}"
    files[LOG] = "what the node said"
    return report, files


def _node_parameters(options: DemoOptions, topics: BagTopics) -> dict[str, Any]:
    return {
        "model": str(options.model.resolve()),
        "threads": options.threads,
        "camera_aware_scale": options.camera_aware,
        # Without camera_info there is no scale to be had; the depth is the card's camera's then.
        "require_camera_info": topics.camera_info is not None,
    }


def _recorded(topics: BagTopics) -> BagTopics:
    """Return the names of played topics in the recording."""
    image, info, depth = topics
    return BagTopics(wire_name(image), info and wire_name(info), depth and wire_name(depth))


def _report(
    options: DemoOptions, topics: BagTopics, card: ModelCard, live: LiveRun, scorer: Scorer
) -> Report:
    return Report(
        bag=str(options.bag),
        topics=topics._asdict(),
        model=card.name,
        model_version=card.version,
        model_file=str(options.model),
        rate=options.rate,
        frames_in=live.frames_in,
        frames_out=live.frames_out,
        dropped=live.dropped,
        latency_ms=summarise_ms(live.latencies),
        accuracy=scorer.result() if scorer.frames else {},
    )


def _draw(folder: Path, gallery: Gallery, report: Report, track: Track) -> dict[str, str]:
    """Write the pictures; return their names and what they are."""
    write_picture(folder / STRIP, gallery.strip(footer=report.headline()))
    files = {STRIP: "a few frames with their depth and a metre scale"}
    if can_write_animation():
        frames = track(gallery.animation(), len(gallery), "drawing")
        write_animation(folder / ANIMATION, frames)
        files[ANIMATION] = "all frames as an animation (open it in a browser)"
    return files
