"""Frame sources: where frames come from, one file a format, and how a path is told apart."""

from fastdepth.sources.bag import BagSource
from fastdepth.sources.cache import cache_source, open_indexed
from fastdepth.sources.checks import CheckReport, check_source
from fastdepth.sources.hdf5 import Hdf5Source
from fastdepth.sources.kaggle import KaggleSource
from fastdepth.sources.lists import ListSource
from fastdepth.sources.mix import MixedSource, Subset, limit
from fastdepth.sources.nyu_mat import NyuMatSource
from fastdepth.sources.opening import open_source
from fastdepth.sources.pictures import PicturesSource
from fastdepth.sources.rgbd_folder import RgbdFolder
from fastdepth.sources.sun_rgbd import SunRgbdSource
from fastdepth.sources.tum import TumSource

__all__ = [
    "BagSource",
    "CheckReport",
    "Hdf5Source",
    "KaggleSource",
    "ListSource",
    "MixedSource",
    "NyuMatSource",
    "PicturesSource",
    "RgbdFolder",
    "Subset",
    "SunRgbdSource",
    "TumSource",
    "cache_source",
    "check_source",
    "limit",
    "open_indexed",
    "open_source",
]
