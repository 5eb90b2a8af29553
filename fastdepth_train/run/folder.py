"""Where everything of a run lies."""

from __future__ import annotations

from pathlib import Path

from fastdepth.files import make_folder, whole_file


class RunFolder:
    """Paths of a run."""

    def __init__(self, root: Path) -> None:
        """Name the paths below `root`; nothing is made."""
        self.root = root
        self.checkpoints = root / "checkpoints"
        self.best = self.checkpoints / "best.ckpt"
        self.last = self.checkpoints / "last.ckpt"
        self.logs = root / "logs"
        self.config = root / "config.yaml"
        self.record = root / "run.json"
        self.metrics = root / "metrics.csv"
        self.curves = root / "curves.png"
        self.sheet = root / "validation.png"
        self.report = root / "report.html"

    def make(self) -> None:
        """Make the folders and try to write.

        Raises:
            OutputError: that cannot be done.

        """
        make_folder(self.checkpoints)
        with whole_file(self.root / "try"):
            pass
        (self.root / "try").unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove the unfinished checkpoints that a killed run left."""
        for path in self.checkpoints.glob(".*.ckpt"):
            path.unlink(missing_ok=True)

    def versions(self) -> list[Path]:
        """Return the log folder of each start of the run, in their order."""
        found = [path for path in self.logs.glob("version_*") if path.is_dir()]
        return sorted(found, key=lambda path: int(path.name.rpartition("_")[2]))
