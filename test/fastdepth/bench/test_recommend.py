"""What is recommended, and why."""

from typing import Any

from fastdepth.bench.recommend import recommend


def row(
    model: str, engine: str, threads: int, ms: float, difference: float = 0.0
) -> dict[str, Any]:
    return {
        "model": model,
        "engine": engine,
        "threads": threads,
        "ms": ms,
        "difference_m": difference,
        "mean_depth_m": 2.0,
    }


def fact(delta1: float | None, *, yardstick: bool = False) -> dict[str, Any]:
    return {"delta1": delta1, "is_yardstick": yardstick}


def recommended(rows: list[dict[str, Any]], models: dict[str, dict[str, Any]]) -> dict[str, Any]:
    found = recommend(rows, models, "fastdepth")
    assert found is not None
    return found


MODELS = {
    "fastdepth": fact(0.70),
    "fastdepth_int8": fact(0.69),
    "fastdepth_tiny": fact(0.60),
    "original": fact(None, yardstick=True),
}


def test_the_quickest_model_of_like_accuracy_is_recommended():
    found = recommended(
        [
            row("original", "onnxruntime", 1, 0.5),
            row("fastdepth", "onnxruntime", 1, 8.0),
            row("fastdepth_int8", "onnxruntime", 1, 4.0),
            row("fastdepth_int8", "openvino", 1, 2.0),
            row("fastdepth_tiny", "onnxruntime", 1, 1.0),
        ],
        MODELS,
    )
    assert (found["model"], found["engine"], found["threads"]) == ("fastdepth_int8", "openvino", 1)
    assert found["times_float_default"] == 4.0
    assert found["words"] == (
        "on this machine: fastdepth_int8, openvino, 1 thread: 2.0 ms, 4.0 x the float default"
    )
    assert found["best_of_each"]["fastdepth_tiny"]["ms"] == 1.0
    assert "original" not in found["best_of_each"]


def test_more_threads_have_to_be_worth_it():
    rows = [row("fastdepth", "onnxruntime", 1, 5.0), row("fastdepth", "onnxruntime", 2, 4.1)]
    assert recommended(rows, MODELS)["threads"] == 1
    rows = [row("fastdepth", "onnxruntime", 1, 5.0), row("fastdepth", "onnxruntime", 2, 3.9)]
    assert recommended(rows, MODELS)["threads"] == 2


def test_an_engine_that_changes_the_numbers_is_not_recommended():
    rows = [
        row("fastdepth", "onnxruntime", 1, 5.0),
        row("fastdepth", "openvino", 1, 2.0, difference=0.05),
    ]
    assert recommended(rows, MODELS)["engine"] == "onnxruntime"


def test_a_model_without_known_accuracy_does_not_take_the_place_of_one():
    models = {"fastdepth": fact(0.7), "mine": fact(None)}
    rows = [row("fastdepth", "onnxruntime", 1, 5.0), row("mine", "onnxruntime", 1, 1.0)]
    assert recommended(rows, models)["model"] == "fastdepth"
    assert recommended(rows[1:], models)["model"] == "mine"


def test_yardsticks_alone_recommend_nothing():
    assert recommend([row("original", "onnxruntime", 1, 5.0)], MODELS, "fastdepth") is None
