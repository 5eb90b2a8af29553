"""Evaluate one source: frames through the model, figures and files out."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple, Protocol

import numpy as np

from fastdepth import __version__
from fastdepth.calibration import Calibration
from fastdepth.card import ModelCard
from fastdepth.error_sums import F64Array, bias_of, metrics_of
from fastdepth.errors import MissingExtraError, NoTruthError
from fastdepth.estimator import DepthEstimator, Prediction
from fastdepth.evaluation.breakdown import Breakdown
from fastdepth.evaluation.calibrated import calibrated
from fastdepth.evaluation.frame_sums import FrameSums
from fastdepth.evaluation.options import SCHEMA_VERSION, Options
from fastdepth.evaluation.pool import Chosen, Pool, take_snapshot
from fastdepth.evaluation.recording import Recording
from fastdepth.evaluation.records import SCORED, STAGES, Records
from fastdepth.evaluation.steadiness import SteadinessMeter
from fastdepth.evaluation.stream import REASONS, Begin, Predicted, predictions
from fastdepth.evaluation.words import findings, warnings
from fastdepth.frame import F32Array, Frame, FrameSource
from fastdepth.metrics import METRIC_KEYS
from fastdepth.protocols import compare
from fastdepth.sources import BagSource, open_source

RECORDS = "frames.csv"
RECORDING = "depth.mcap"

NOT_REACHED = "not reached before the interruption"

Show = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What an evaluation found.

    Attributes:
        figures: the content of metrics.json.
        records: one row a frame.
        chosen: pictures.

    """

    figures: dict[str, Any]
    records: Records
    chosen: list[Chosen]


class Described(Protocol):
    """What is asked of an engine here."""

    @property
    def description(self) -> str:
        """Engine, provider or device, and threads."""
        ...


class Model(Protocol):
    """What is asked of a model here; DepthEstimator has it."""

    @property
    def card(self) -> ModelCard:
        """Its card."""
        ...

    @property
    def engine(self) -> Described:
        """What runs it."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What was asked of the engine and could not be had."""
        ...

    def begin_frame(self, frame: Frame) -> Callable[[], Prediction]:
        """Prepare a frame; what is returned predicts its depth."""
        ...


class Opened(NamedTuple):
    """What is evaluated, and the fingerprint of the result."""

    source: FrameSource
    model: Model
    fingerprint: str


class Evaluator:
    """Runs one source through the model, once."""

    def __init__(self, path: Path, options: Options, folder: Path) -> None:
        """Open source, model and calibration.

        Args:
            path: of the source.
            options: what to do.
            folder: an existing folder for frames.csv and depth.mcap.

        Raises:
            FastDepthError: whatever cannot be opened.

        """
        self._options = options
        self._source, self._estimator, self._fingerprint = self._open(path)
        self._begin: Begin = self._estimator.begin_frame
        self._warnings: list[str] = list(self._estimator.notes)
        self._calibration: Calibration | None = None
        if options.calibration is not None:
            self._calibrate(Calibration.read(options.calibration))
        self._folder = folder
        self._records = Records(folder / RECORDS)
        self._recording: Recording | None = None
        self._frame_sums = FrameSums()
        self._breakdown = Breakdown()
        self._steadiness = SteadinessMeter()
        self._pool = Pool(options.pictures)
        self._skipped: Counter[str] = Counter()

    def __len__(self) -> int:
        """Return how many frames there should be."""
        return len(self._source)

    def run(self, show: Show, stop: Callable[[], bool]) -> Result:
        """Evaluate all frames.

        Args:
            show: told how many frames are done, of how many.
            stop: asked before each frame; once it is true, the result is of the frames so far and
                marked as partial.

        Raises:
            FastDepthError: whatever reading, predicting or writing raises.

        """
        total = len(self._source)
        start = perf_counter()
        with ExitStack() as stack:
            stack.enter_context(self._records)
            self._open_recording(stack)
            # Closed before the files are: after an error here nothing is read any more.
            items = stack.enter_context(
                closing(predictions(self._source, self._begin, self._options.protocol, stop))
            )
            for done, item in enumerate(items, 1):
                self._take(item)
                show(done, total)
        seconds = perf_counter() - start
        partial = self._account(total, stopped=stop())
        errors = self._records.column("abs_rel")
        chosen = self._pool.chosen(errors[np.isfinite(errors)])
        return Result(self._figures(seconds, partial=partial), self._records, chosen)

    def _open(self, path: Path) -> Opened:
        """Open source and model; a live evaluation has others."""
        options = self._options
        source = open_source(path, **options.source)
        model = DepthEstimator.load(
            options.model, threads=options.threads, camera_aware=options.camera_aware
        )
        return Opened(source, model, options.fingerprint(path))

    def _calibrate(self, calibration: Calibration) -> None:
        self._calibration = calibration
        self._begin = calibrated(self._begin, calibration.correction)
        mismatch = calibration.mismatch(self._estimator.card)
        if mismatch:
            self._warnings.append(mismatch)

    def _calibration_figures(self) -> dict[str, Any] | None:
        """Return the calibration that is applied, for metrics.json: `file`, `scale`, `offset`."""
        if self._calibration is None:
            return None
        correction = self._calibration.correction
        return {
            "file": str(self._options.calibration),
            "scale": correction.scale,
            "offset": correction.offset,
        }

    def _open_recording(self, stack: ExitStack) -> None:
        rate = self._options.record_rate
        if rate == 0:
            return
        try:
            recording = Recording(self._folder / RECORDING, rate)
        except MissingExtraError as err:
            self._warnings.append(f"there is no {RECORDING}: {err}")
            return
        self._recording = stack.enter_context(recording)

    def _take(self, item: Predicted) -> None:
        """Score a frame, or say why not; draw and record it if it is due."""
        start = perf_counter()
        prediction = item.prediction
        values: dict[str, float] = {"camera_scale": prediction.scale}
        status = SCORED if item.reason is None else item.reason
        if item.reason is None:
            try:
                values |= self._score(item)
            except NoTruthError as err:
                status = str(err)
        if status != SCORED:
            self._skipped[status] += 1
        steady = self._steadiness.add(item.seen, prediction)
        if steady is not None:
            values["steadiness"], values["steady_share"] = steady
        error = values.get("abs_rel")
        if self._pool.wants(error):
            time = self._records.time_of(item.frame.stamp)
            depth = prediction.frame_depth()
            self._pool.add(take_snapshot(item.seen, depth, time, error))
        else:
            self._pool.skip()
        if self._recording is not None and self._recording.wants(item.frame.stamp):
            self._recording.add(item.seen, prediction)
        spent = prediction.seconds
        seconds = (
            item.read_seconds,
            spent.prepare,
            spent.infer,
            spent.finish,
            perf_counter() - start,
        )
        values |= {f"{stage}_ms": 1000 * each for stage, each in zip(STAGES, seconds, strict=True)}
        self._records.add(item.frame.name, item.frame.stamp, status, values)

    def _score(self, item: Predicted) -> dict[str, float]:
        options = self._options
        pair, aligned_by = compare(options.protocol, item.prediction, item.frame, options.align)
        sums = self._frame_sums(pair)
        pixels = self._breakdown.add(pair)
        values = metrics_of(sums) | {
            "bias": bias_of(sums),
            "pixels": float(sums[0]),
            "aligned_by": aligned_by,
        }
        scale = best_scale(pixels.prediction, pixels.truth)
        # What alignment took out is part of how wrong the scale was.
        return values if scale is None else values | {"scale": scale * aligned_by}

    def _account(self, total: int, *, stopped: bool) -> bool:
        """Give every frame that was announced and did not come a reason.

        Returns:
            Whether frames are missing because the run was stopped.

        """
        if isinstance(self._source, BagSource):
            for key in ("image_unreadable", "image_lost"):
                if count := self._source.counts[key]:
                    self._skipped[REASONS[key]] += count
        missing = total - self._scored() - sum(self._skipped.values())
        if missing > 0:
            self._skipped[NOT_REACHED if stopped else REASONS["image_lost"]] += missing
        return stopped and missing > 0

    def _scored(self) -> int:
        return int(np.count_nonzero(np.isfinite(self._records.column("abs_rel"))))

    def _figures(self, seconds: float, *, partial: bool) -> dict[str, Any]:
        options, card, records = self._options, self._estimator.card, self._records
        frames = self._scored()
        means = {key: _mean(records.column(key)) for key in METRIC_KEYS} if frames else {}
        figures: dict[str, Any] = {
            **means,
            "frames": frames,
            "protocol": options.protocol,
            "align": options.align,
            "skipped": dict(self._skipped),
            "total": frames + sum(self._skipped.values()),
            "partial": partial,
            "model": card.name,
            "model_version": card.version,
            "model_file": str(options.model),
            "source": self._source.name,
            **{key: str(v) if isinstance(v, Path) else v for key, v in options.source.items()},
            "camera_aware": options.camera_aware,
            "calibration": self._calibration_figures(),
            "spread": _spread(records) if frames else None,
            "bias": _mean(records.column("bias")),
            "ranges": self._breakdown.ranges(),
            "regions": self._breakdown.regions(),
            "scale": _scale(records),
            "steadiness": _steadiness(records),
            "ms": {stage: _times(records.column(f"{stage}_ms")) for stage in STAGES},
            "seconds": seconds,
            "rate": len(records) / seconds if seconds else None,
            "machine": _machine(self._estimator),
            "counts": dict(self._source.counts) if isinstance(self._source, BagSource) else {},
            "schema_version": SCHEMA_VERSION,
            "version": __version__,
            "fingerprint": self._fingerprint,
        }
        if isinstance(self._source, BagSource):
            figures["topics"] = self._source.topics._asdict()
            self._warnings += self._source.notes
        figures["warnings"] = self._warnings + warnings(figures)
        figures["findings"] = findings(figures)
        return figures


def best_scale(prediction: F32Array, truth: F32Array) -> float | None:
    """Return the median of truth / prediction, or None where no prediction is above zero.

    Args:
        prediction: N depths, metres.
        truth: N depths, metres, above zero.

    """
    usable = prediction > 0
    if not usable.any():
        return None
    ratios = np.sort(truth[usable] / prediction[usable])
    # numpy.median does the same, in ten times the time.
    last = ratios.size - 1
    return float(ratios[last // 2] + ratios[(last + 1) // 2]) / 2


def _mean(values: F64Array) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else None


def _percentiles(values: F64Array, *points: float) -> list[float]:
    known = values[np.isfinite(values)]
    found: list[float] = np.percentile(known, points).tolist()
    return found


def _times(values: F64Array) -> dict[str, float] | None:
    if not np.isfinite(values).any():
        return None
    median, p95 = _percentiles(values, 50, 95)
    return {"median": median, "p95": p95}


def _spread(records: Records) -> dict[str, dict[str, float]]:
    """Return how the metrics are spread over the frames."""
    names = ("p5", "median", "p95")
    return {
        key: dict(zip(names, _percentiles(records.column(key), 5, 50, 95), strict=True))
        for key in METRIC_KEYS
    }


def _scale(records: Records) -> dict[str, float | None] | None:
    """Return the best single scale, and how the best scale of each frame is spread and drifts."""
    scales, times = records.column("scale"), records.column("time")
    if not np.isfinite(scales).any():
        return None
    low, best, high = _percentiles(scales, 5, 50, 95)
    both = np.isfinite(scales) & np.isfinite(times)
    drift = None
    if np.unique(times[both]).size > 1:
        drift = float(np.polyfit(times[both], scales[both], 1)[0] * 60)
    return {"best": best, "p5": low, "p95": high, "drift_per_minute": drift}


def _steadiness(records: Records) -> dict[str, float] | None:
    change = records.column("steadiness")
    known = np.isfinite(change)
    if not known.any():
        return None
    median, p95 = _percentiles(change, 50, 95)
    return {
        "change": float(change[known].mean()),
        "median": median,
        "p95": p95,
        "frames": int(np.count_nonzero(known)),
        "steady_share": float(records.column("steady_share")[known].mean()),
    }


def _machine(estimator: Model) -> dict[str, Any]:
    return {
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "engine": estimator.engine.description,
    }
