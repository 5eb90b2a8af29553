"""The machine: what it is, what it can compute and move at most, and how busy it is."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from fastdepth.engines.cpus import usable_cpus
from fastdepth.errors import FastDepthError

_BLAS_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
_WORKER_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Peak:
    """What the CPU reaches with one number of threads.

    Attributes:
        threads: that did the work.
        gflops: 10^9 float32 operations a second of a large matrix product, two for each
            multiply-accumulate: the better of NumPy's and onnxruntime's.
        int8_gops: the same with 8-bit operands; None where it was not measured (without `onnx`).
        bandwidth: 10^9 bytes a second, read and written, of a copy larger than the caches.
        by: operations a second of each product that was tried.

    """

    threads: int
    gflops: float
    int8_gops: float | None
    bandwidth: float
    by: dict[str, float] = field(default_factory=dict)

    def better(self, other: Peak) -> Peak:
        """Return the better of two measurements, figure by figure: disturbance only lowers them."""
        int8 = [value for value in (self.int8_gops, other.int8_gops) if value is not None]
        return Peak(
            self.threads,
            max(self.gflops, other.gflops),
            max(int8) if int8 else None,
            max(self.bandwidth, other.bandwidth),
            {name: max(value, other.by.get(name, 0.0)) for name, value in self.by.items()},
        )

    def floor_ms(self, macs: float, moved: float, *, int8_macs: float = 0.0) -> float:
        """Return the milliseconds below which no run can come: arithmetic or memory, the longer.

        Args:
            macs: multiply-accumulates in float32.
            moved: bytes read and written.
            int8_macs: multiply-accumulates in 8 bits.

        """
        return max(self.arithmetic_ms(macs, int8_macs=int8_macs), self.memory_ms(moved))

    def arithmetic_ms(self, macs: float, *, int8_macs: float = 0.0) -> float:
        """Return the milliseconds that the multiply-accumulates take at the peak."""
        eight = self.int8_gops or self.gflops
        return 2e3 * (macs / self.gflops + int8_macs / eight) / 1e9

    def memory_ms(self, moved: float) -> float:
        """Return the milliseconds that moving so many bytes takes at full bandwidth."""
        return 1e3 * moved / (self.bandwidth * 1e9)


@dataclass(frozen=True, slots=True)
class Machine:
    """What measurements were taken on.

    Attributes:
        cpu: its name.
        architecture: of the CPU (`x86_64`, `aarch64`).
        system: the operating system.
        python: its version.
        logical_cpus: that the system has.
        usable_cpus: what this process may use of them (affinity and quotas).
        memory_mb: of the machine.
        peaks: by number of threads; empty where they were not measured.

    """

    cpu: str
    architecture: str
    system: str
    python: str
    logical_cpus: int
    usable_cpus: float
    memory_mb: int
    peaks: tuple[Peak, ...] = ()

    def peak(self, threads: int) -> Peak | None:
        """Return what was measured with so many threads, or None."""
        return next((peak for peak in self.peaks if peak.threads == threads), None)

    def as_dict(self) -> dict[str, Any]:
        """Return what goes into JSON."""
        return {**asdict(self), "peaks": [asdict(peak) for peak in self.peaks]}


def describe_machine(peaks: tuple[Peak, ...] = ()) -> Machine:
    """Return what this machine is, at no cost."""
    return Machine(
        cpu=_cpu_name(),
        architecture=platform.machine(),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        logical_cpus=os.cpu_count() or 1,
        usable_cpus=usable_cpus(),
        memory_mb=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        peaks=peaks,
    )


def measure_peak(threads: int, seconds: float = 2.0) -> Peak:
    """Measure what the CPU reaches, in a process of its own, for about so many seconds.

    Raises:
        FastDepthError: the measuring process failed.

    """
    environment = os.environ | dict.fromkeys(_BLAS_THREADS, str(threads))
    command = [sys.executable, "-m", "fastdepth.bench.peak", str(threads), str(seconds)]
    try:
        done = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=_WORKER_PATIENCE + seconds,
        )
        found = json.loads(done.stdout.splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError) as err:
        said = (getattr(err, "stderr", None) or str(err)).strip().splitlines()
        msg = f"the machine's peak could not be measured: {said[-1] if said else err!r}"
        raise FastDepthError(msg) from err
    bandwidth = found.pop("copy") / 1e9
    int8 = found.get("int8")
    floats = [value for name, value in found.items() if name != "int8"]
    return Peak(
        threads,
        max(floats) / 1e9,
        None if int8 is None else int8 / 1e9,
        bandwidth,
        {name: value / 1e9 for name, value in found.items()},
    )


def load_average() -> float | None:
    """Return how many processes wanted a CPU over the last minute; None where nobody counts."""
    try:
        return os.getloadavg()[0]
    except OSError:
        return None


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() in {"model name", "Model"} and value.strip():
            return value.strip()
    return platform.processor() or platform.machine()
