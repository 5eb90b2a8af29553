"""Frame sources: where frames come from, one file a format, and how a path is told apart."""

from fastdepth.sources.bag import BagSource
from fastdepth.sources.kaggle import KaggleSource
from fastdepth.sources.opening import open_source
from fastdepth.sources.pictures import PicturesSource
from fastdepth.sources.tum import TumSource

__all__ = ["BagSource", "KaggleSource", "PicturesSource", "TumSource", "open_source"]
