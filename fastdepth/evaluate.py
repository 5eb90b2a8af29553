"""Score a model on a frame source: per-frame results and their mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from fastdepth.errors import NoTruthError, ProtocolError
from fastdepth.frame import Frame
from fastdepth.metrics import MetricMean
from fastdepth.protocols import Align, FrameScore, Predictor, score


@dataclass(slots=True)
class Evaluation:
    """What an evaluation found.

    Attributes:
        protocol: evaluation protocol.
        align: scale alignment.
        mean: running mean of the per-frame metrics.
        skipped: frames that could not be scored, by reason.

    """

    protocol: str
    align: Align
    mean: MetricMean = field(default_factory=MetricMean)
    skipped: Counter[str] = field(default_factory=Counter)

    def result(self) -> dict[str, Any]:
        """Return a JSON-ready summary: metric keys, `frames`, `protocol`, `align`, `skipped`."""
        return {
            **self.mean.result(),
            "protocol": self.protocol,
            "align": self.align,
            "skipped": dict(self.skipped),
        }


def evaluate(
    frames: Iterable[Frame],
    predict: Predictor,
    evaluation: Evaluation,
) -> Iterator[tuple[Frame, FrameScore | None]]:
    """Score frames one by one, adding each to `evaluation`.

    Yields every frame with its score, or None where it has no valid ground truth (the reason is
    counted in `evaluation.skipped`), so that a caller can show progress and keep what it wants.

    Raises:
        ProtocolError: the protocol does not fit the frames at all.

    """
    for frame in frames:
        try:
            scored = score(evaluation.protocol, predict, frame, evaluation.align)
        except NoTruthError as err:
            evaluation.skipped[str(err)] += 1
            yield frame, None
            continue
        except ProtocolError as err:
            msg = f"frame {frame.name!r}: {err}"
            raise ProtocolError(msg) from err
        evaluation.mean.add(scored.metrics)
        yield frame, scored
