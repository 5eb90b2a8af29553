"""Matrix products as onnxruntime runs them, to find what its kernels reach at most."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper


def product_runs(side: int, threads: int) -> dict[str, Callable[[], object]]:
    """Return runs of a side x side matrix product by name: `float32` and `int8`.

    The right-hand matrix is constant, as the weights of a network are, so that onnxruntime may
    bring it into the order it likes.
    """
    rng = np.random.default_rng(0)
    left = rng.random((side, side), np.float32)
    right = rng.random((side, side), np.float32)
    bytes_left = rng.integers(0, 256, (side, side)).astype(np.uint8)
    bytes_right = rng.integers(-128, 128, (side, side)).astype(np.int8)
    return {
        "float32": _run("MatMul", left, right, TensorProto.FLOAT, threads),
        "int8": _run("MatMulInteger", bytes_left, bytes_right, TensorProto.INT32, threads),
    }


def _run(
    operator: str, left: NDArray[np.generic], right: NDArray[np.generic], kind: int, threads: int
) -> Callable[[], object]:
    side = left.shape[0]
    graph = helper.make_graph(
        [helper.make_node(operator, ["left", "right"], ["product"])],
        "product",
        [
            helper.make_tensor_value_info(
                "left", helper.np_dtype_to_tensor_dtype(left.dtype), left.shape
            )
        ],
        [helper.make_tensor_value_info("product", kind, (side, side))],
        [numpy_helper.from_array(right, "right")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(model)
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = ort.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return partial(session.run, None, {"left": left})
