"""Evaluate many sources: one after the other, side by side, or on a Ray cluster."""

from __future__ import annotations

import multiprocessing
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from fastdepth.engines.cpus import usable_cpus
from fastdepth.errors import FastDepthError, MissingExtraError, SourceError
from fastdepth.evaluation.folder import evaluate_source, finished
from fastdepth.evaluation.options import Options
from fastdepth.evaluation.run import Show

_LOOK_UP = 0.2  # seconds between looks whether to stop
_BAG_SUFFIXES = (".mcap", ".db3", ".bag")


@dataclass(frozen=True, slots=True)
class Job:
    """One source to evaluate. Can be pickled.

    Attributes:
        name: unique in the run; the name of its output folder.
        path: of the source.
        options: what to do.
        out: its output folder.
        again: evaluate even if a finished result is there.

    """

    name: str
    path: Path
    options: Options
    out: Path
    again: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job.

    Attributes:
        job: the job.
        figures: the content of its metrics.json; None if it failed or was never begun.
        error: why it failed, or None.
        reused: whether the figures are of an earlier run.

    """

    job: Job
    figures: dict[str, Any] | None
    error: str | None = None
    reused: bool = False


def expand(paths: Sequence[Path]) -> list[Path]:
    """Return the sources at these paths: a folder of bags becomes its bags.

    Raises:
        SourceError: a path is not there.

    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            msg = f"{path} does not exist"
            raise SourceError(msg)
        found += _bags_in(path) or [path]
    return list(dict.fromkeys(found))


def _bags_in(path: Path) -> list[Path]:
    """Return the bags right in a folder that is none itself; empty if it holds no bags."""
    if not path.is_dir() or (path / "metadata.yaml").exists():
        return []
    entries = sorted(path.iterdir())
    files = [entry for entry in entries if entry.is_file() and entry.suffix in _BAG_SUFFIXES]
    folders = [entry for entry in entries if entry.is_dir() and (entry / "metadata.yaml").exists()]
    # A folder with one storage file and nothing else is an interrupted recording.
    return [] if len(files) == 1 and not folders else sorted([*files, *folders])


def make_jobs(sources: Sequence[Path], options: Options, out: Path, *, again: bool) -> list[Job]:
    """Return a job for each source, each with a folder of its own in `out`."""
    stems = [_name(source) for source in sources]
    counts = Counter(stems)
    seen = Counter[str]()
    jobs = []
    for source, stem in zip(sources, stems, strict=True):
        seen[stem] += 1
        name = stem if counts[stem] == 1 else f"{stem}-{seen[stem]}"
        jobs.append(Job(name, source, options, out / name, again))
    return jobs


def _name(source: Path) -> str:
    whole = source.resolve()
    return whole.stem if whole.is_file() else whole.name


def run_job(job: Job, show: Show, stop: Callable[[], bool]) -> Outcome:
    """Evaluate a source, unless a finished result with the same fingerprint is there.

    A named error becomes the outcome, so that it does not stop other jobs.
    """
    if stop():
        return Outcome(job, None)
    try:
        if not job.again:
            figures = finished(job.out, job.options.fingerprint(job.path))
            if figures is not None:
                return Outcome(job, figures, reused=True)
        return Outcome(job, evaluate_source(job.path, job.options, job.out, show, stop))
    except FastDepthError as err:
        return Outcome(job, None, str(err))


def run_in_processes(
    jobs: Sequence[Job], workers: int, stop: Callable[[], bool]
) -> Iterator[Outcome]:
    """Yield outcomes as they come from `workers` processes on this machine.

    Once `stop` is true, jobs that run end with a partial result and no others begin.
    """
    threads = max(1, int(usable_cpus()) // workers)
    # Fresh interpreters: a forked one would inherit the locks of threads that it does not have.
    context = multiprocessing.get_context("spawn")
    stopped = context.Event()
    with ProcessPoolExecutor(
        workers, mp_context=context, initializer=_set_up_worker, initargs=(stopped,)
    ) as pool:
        futures = {pool.submit(_work, _with_threads(job, threads)): job for job in jobs}
        waiting = set(futures)
        while waiting:
            done, waiting = wait(waiting, timeout=_LOOK_UP, return_when=FIRST_COMPLETED)
            if stop():
                stopped.set()
            for future in done:
                yield _outcome(futures[future], future.result)


def run_on_ray(jobs: Sequence[Job], stop: Callable[[], bool]) -> Iterator[Outcome]:
    """Yield outcomes as they come from a Ray cluster.

    The cluster is the one of RAY_ADDRESS, or one that Ray starts on this machine. Sources, model
    and output must lie under the same paths on all its machines.

    Once `stop` is true, jobs that have not ended are given up.

    Raises:
        MissingExtraError: Ray is not installed.

    """
    try:
        import ray  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as err:
        what = "--cluster ray"
        raise MissingExtraError(what, "cluster", err) from err
    ours = not ray.is_initialized()
    if ours:
        ray.init(log_to_driver=False, include_dashboard=False, logging_level="ERROR")
    try:
        # One CPU is claimed, so one thread is used where nothing else was asked for.
        task = ray.remote(num_cpus=1)(_work)
        waiting = {task.remote(_with_threads(job, 1)): job for job in jobs}
        while waiting and not stop():
            done, _ = ray.wait(list(waiting), num_returns=1, timeout=_LOOK_UP)
            for reference in done:
                yield _outcome(waiting.pop(reference), partial(ray.get, reference))
        for reference, job in waiting.items():
            ray.cancel(reference)
            yield Outcome(job, None)
    finally:
        if ours:
            ray.shutdown()


def _outcome(job: Job, get: Callable[[], Outcome]) -> Outcome:
    try:
        return get()
    except Exception as err:  # noqa: BLE001 - a worker that dies must not end the others
        return Outcome(job, None, f"{type(err).__name__}: {err}")


def _with_threads(job: Job, threads: int) -> Job:
    return replace(job, options=replace(job.options, threads=job.options.threads or threads))


def _never() -> bool:
    return False


_stop_worker: Callable[[], bool] = _never


def _set_up_worker(stopped: Event) -> None:
    """Let the parent say when to stop: Ctrl-C reaches every process, and one has to decide."""
    global _stop_worker  # noqa: PLW0603 - a process has one parent
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _stop_worker = stopped.is_set


def _work(job: Job) -> Outcome:
    return run_job(job, lambda *_: None, _stop_worker)
