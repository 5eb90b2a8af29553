"""Evaluation of a model on recordings: figures, report, recording, comparison, calibration."""

from fastdepth.evaluation.folder import evaluate_source, finished, read_figures
from fastdepth.evaluation.options import Options

__all__ = ["Options", "evaluate_source", "finished", "read_figures"]
