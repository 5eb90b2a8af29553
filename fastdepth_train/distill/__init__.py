"""Distillation: a trained network labels what has no ground truth."""

from fastdepth_train.distill.teacher import Teacher, open_teacher

__all__ = ["Teacher", "open_teacher"]
