"""The demo's figures: as metrics.json and as lines of text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastdepth.cli.common import metric_lines
from fastdepth.metrics import METRIC_KEYS


@dataclass(frozen=True, slots=True)
class Report:
    """What the demo found out.

    Attributes:
        bag: that was played.
        topics: of the bag: image, camera_info, depth (None where it has none).
        model: name on the model card.
        model_version: on the model card.
        model_file: that was run.
        rate: seconds of the bag played in one second.
        frames_in: images played.
        frames_out: depth images received.
        dropped: frames that did not come out, by cause; their sum is frames_in - frames_out.
        latency_ms: from publishing an image to receiving its depth: `median`, `p95`.
        accuracy: metric keys with `frames`, `coverage`, `protocol` and `align`; empty without
            ground truth.

    """

    bag: str
    topics: Mapping[str, str | None]
    model: str
    model_version: str
    model_file: str
    rate: float
    frames_in: int
    frames_out: int
    dropped: Mapping[str, int]
    latency_ms: Mapping[str, float]
    accuracy: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the content of metrics.json."""
        return {
            "bag": self.bag,
            "topics": dict(self.topics),
            "model": self.model,
            "model_version": self.model_version,
            "model_file": self.model_file,
            "rate": self.rate,
            "frames_in": self.frames_in,
            "frames_out": self.frames_out,
            "dropped": dict(self.dropped),
            "latency_ms": dict(self.latency_ms),
            **(self.accuracy or {"frames": 0}),
        }

    def lines(self, folder: Path, files: Mapping[str, str]) -> list[str]:
        """Return the report as text.

        Args:
            folder: where the files are.
            files: name in the folder to what it is.

        """
        median, p95 = self.latency_ms["median"], self.latency_ms["p95"]
        share = self.frames_out / self.frames_in
        causes = ", ".join(f"{cause} {count}" for cause, count in self.dropped.items())
        lines = [
            f"frames in   {self.frames_in}",
            f"frames out  {self.frames_out} ({share:.1%})",
            f"dropped     {sum(self.dropped.values())}{f' ({causes})' if causes else ''}",
            f"latency     {median:.1f} ms median, {p95:.1f} ms p95, image out to depth in",
        ]
        if self.accuracy:
            lines.append(
                f"accuracy    protocol {self.accuracy['protocol']}, alignment "
                f"{self.accuracy['align']}, {self.accuracy['frames']} frames, "
                f"{self.accuracy['coverage']:.1%} of the measured pixels predicted"
            )
            lines += metric_lines({key: self.accuracy[key] for key in METRIC_KEYS})
        else:
            lines.append("accuracy    not known: the bag has no depth to compare with")
        width = max(map(len, files))
        lines += [f"files in {folder}"]
        lines += [f"  {name:<{width}}  {what}" for name, what in files.items()]
        return lines

    def headline(self) -> str:
        """Return one line for the foot of a picture."""
        parts = [f"{self.model} {self.model_version} on {Path(self.bag).name}"]
        if self.accuracy:
            parts.append(f"RMSE {self.accuracy['rmse']:.2f} m")
            parts.append(f"AbsRel {self.accuracy['abs_rel']:.3f}")
            parts.append(f"delta1 {self.accuracy['delta1']:.3f}")
        parts.append(f"latency {self.latency_ms['median']:.0f} ms")
        return ", ".join(parts)
