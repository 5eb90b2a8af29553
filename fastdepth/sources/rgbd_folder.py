"""Plain folders of registered frames: rgb/, depth/ and intrinsics.txt."""

from __future__ import annotations

from pathlib import Path

from fastdepth.camera import Intrinsics
from fastdepth.errors import CameraError, SourceError
from fastdepth.frame import Frame
from fastdepth.sources.indexed import IndexedFrames
from fastdepth.sources.intrinsics_file import INTRINSICS_FILE, WrittenCamera, read_camera
from fastdepth.sources.reading import checked_units, first_few, pictures_in, read_depth16, read_rgb
from fastdepth.sources.splitting import choose_split

RGB_FOLDER = "rgb"
DEPTH_FOLDER = "depth"
INTRINSICS_FOLDER = "intrinsics"


class RgbdFolder(IndexedFrames):
    """Frames of a folder with a picture rgb/NAME.jpg (or .png ...) for each depth/NAME.png.

    Depth is 16-bit PNG in millimetres, 0 where there is none. The camera is read from
    intrinsics/NAME.txt where there is one, else from intrinsics.txt (`read_camera` tells what may
    stand there), and is unknown without. Frames come in the order of their names, numbers in them
    counted; a frame's name is that of its files.
    """

    def __init__(
        self, path: Path | str, split: str | None = None, *, units_per_metre: int = 1000
    ) -> None:
        """Pair the pictures by their names.

        Args:
            path: the folder, or one that holds several of them by the name of their split.
            split: which of those; needed where there are several.
            units_per_metre: of the depth pictures.

        Raises:
            SourceError: there is no such folder or split, pictures have no partner, or
                intrinsics.txt cannot be understood.

        """
        path = Path(path)
        self.path = _folder(path, split)
        self.name = f"{path} {split}" if split else str(path)
        self._units = checked_units(units_per_metre)
        images = _by_name(self.path / RGB_FOLDER)
        depths = _by_name(self.path / DEPTH_FOLDER)
        alone = [images[name] for name in images if name not in depths]
        alone += [depths[name] for name in depths if name not in images]
        if alone:
            text = (
                f"{len(alone)} of {len(images) + len(depths)} pictures of {self.path} have no "
                f"partner of the same name in the other folder: {first_few(alone)}"
            )
            raise SourceError(text)
        self._pairs = [(name, images[name], depths[name]) for name in images]
        file = self.path / INTRINSICS_FILE
        self.camera: WrittenCamera | None = read_camera(file) if file.is_file() else None
        own = (self.path / INTRINSICS_FOLDER).glob("*.txt")
        self._own_cameras = {file.stem: file for file in own}

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self._pairs)

    def _read(self, index: int) -> Frame:
        name, rgb, depth = self._pairs[index]
        image = read_rgb(rgb)
        height, width = image.shape[:2]
        camera = self._camera_of(name, width, height)
        return Frame(image, read_depth16(depth, self._units), camera, name=name)

    def _camera_of(self, name: str, width: int, height: int) -> Intrinsics | None:
        own = self._own_cameras.get(name)
        camera = read_camera(own) if own else self.camera
        try:
            return camera.of(width, height) if camera else None
        except CameraError as err:
            text = f"{self.path / RGB_FOLDER / name}: {err}"
            raise SourceError(text) from err


def is_rgbd_folder(folder: Path) -> bool:
    """Tell whether a folder has both folders of pictures."""
    return (folder / RGB_FOLDER).is_dir() and (folder / DEPTH_FOLDER).is_dir()


def rgbd_splits(folder: Path) -> list[str]:
    """Return the names of the folders in it that are such folders themselves."""
    return sorted(path.name for path in folder.iterdir() if is_rgbd_folder(path))


def _folder(path: Path, split: str | None) -> Path:
    if not path.is_dir():
        text = f"{path} does not exist; expected a folder with {RGB_FOLDER}/ and {DEPTH_FOLDER}/"
        raise SourceError(text)
    if split is None and is_rgbd_folder(path):
        return path
    none = f"no folder in it has {RGB_FOLDER}/ and {DEPTH_FOLDER}/"
    return path / choose_split(path, split, rgbd_splits(path), none)


def _by_name(folder: Path) -> dict[str, Path]:
    files = pictures_in(folder)
    if not files:
        text = f"{folder} has no pictures"
        raise SourceError(text)
    by_name: dict[str, Path] = {}
    for file in files:
        if by_name.setdefault(file.stem, file) is not file:
            text = f"{folder} has two pictures of one name: {by_name[file.stem].name}, {file.name}"
            raise SourceError(text)
    return by_name
