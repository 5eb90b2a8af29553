from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest

from fastdepth.errors import SourceError
from fastdepth.sources.mat5 import read_mat5
from test.fastdepth.sources import making

HEADER = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
# Behind the header, as scipy.io.savemat wrote it: trainNdxs (double) 3 5, testNdxs (uint16) 1 2 4,
# alltrain, a cell of two strings.
PLAIN = (
    "4gdfEPyhe`1^@s62mk;81^@s6000001poj52mk;80ssI20RR910RR912><{9baG*7Zcb!)a{vGU000002><{95C8xG00"
    "000000O;00000000y~4gdfEKmY&$1^@s62mk;83jhEB000001poj52mk;80{{R30RR910RR912mk;8bY*jNPGop<1ONa"
    "41^@s60RRF31ONa44gdfExBvhE1^@s62mk;80RR91000001poj52mk;80RR910ssI20RR912mk;8VQg%4a$#w14gdfEN"
    "B{r;1^@s62mk;81ONa4000001poj52mk;80RR916951J0RR91000005C8xG6951JFK#bpb1zd>PEtogL@#T0F)v{N000"
    "004gdfEFaQ7m1^@s62mk;81ONa4000001poj52mk;80RR910ssI20RR91000005C8)JV#B-u"
)
COMPRESSED = (
    "4*&oFH2?qrc%0*7U|<LUVm2V=fYKnq3gt5aF(VXn0&z)EVrHISN<}eL9Y{=o0R}i6Ahd`B0Jb{>{SN>D05Jdn0C=3^V_"
    ";x#0Ae;E<^W=D1_)q<@|l5{5sE?llGNf7zm$q%7N{OZ1||j&8vta81Mm+3003D4004NL<6~f8*a5_BK+FNej0_OKio|D"
    "v(jb0fPEJWtVrCv6knMq_j|Gc9VI=bepnUy2{j_5J;84FHcPAJ9>@q|BM6f)_JOcveF`<~p%#d_=4+8*yDh&b"
)


@pytest.mark.parametrize("content", [PLAIN, COMPRESSED])
def test_files_of_another_writer_are_read(tmp_path: Path, content: str) -> None:
    file = tmp_path / "a.mat"
    file.write_bytes(HEADER + base64.b85decode(content))

    found = read_mat5(file, "testNdxs", "trainNdxs", "alltrain")

    assert found == {
        "trainNdxs": [3, 5],
        "testNdxs": [1, 2, 4],
        "alltrain": ["/n/fs/SUNRGBD/kv1/a", "bü"],
    }


def test_both_byte_orders_are_read(tmp_path: Path) -> None:
    """What the helper writes is read as well, and so is the same with all its words turned."""
    file = making.mat5(tmp_path / "a.mat", {"n": [1, 258, 1449]})
    assert read_mat5(file, "n") == {"n": [1, 258, 1449]}

    data = bytearray(file.read_bytes())
    words = np.frombuffer(bytes(data[128:-8]), "<u4").astype(">u4").tobytes()
    # The name (one byte of a padded word) and the numbers are no words of four bytes.
    name = words.index(b"\0\0\0n")
    words = words[:name] + b"n\0\0\0" + words[name + 4 :]
    big = data[:126] + b"MI" + words + np.array([1, 258, 1449, 0], ">u2").tobytes()
    file.write_bytes(big)
    assert read_mat5(file, "n") == {"n": [1, 258, 1449]}


@pytest.mark.parametrize("content", [PLAIN, COMPRESSED])
def test_a_file_cut_short_anywhere_is_an_error(tmp_path: Path, content: str) -> None:
    whole = HEADER + base64.b85decode(content)
    file = tmp_path / "a.mat"
    for size in range(len(whole)):
        file.write_bytes(whole[:size])
        with pytest.raises(SourceError, match=r"a\.mat (is|has) "):
            read_mat5(file, "alltrain")


@pytest.mark.parametrize("content", [PLAIN, COMPRESSED])
def test_a_damaged_file_gives_no_other_error(tmp_path: Path, content: str) -> None:
    whole = HEADER + base64.b85decode(content)
    file = tmp_path / "a.mat"
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[rng.integers(len(damaged))] ^= 1 << int(rng.integers(8))
        file.write_bytes(damaged)
        try:
            read_mat5(file, "trainNdxs", "testNdxs", "alltrain")
        except SourceError:
            refused += 1
    assert refused > 50


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    file = making.mat5(tmp_path / "a.mat", {"trainNdxs": [1]})
    with pytest.raises(SourceError, match=r"a\.mat has no variable testNdxs"):
        read_mat5(file, "trainNdxs", "testNdxs")
    with pytest.raises(SourceError, match=r"gone\.mat cannot be read: No such file"):
        read_mat5(tmp_path / "gone.mat", "n")
    file.write_bytes(b"MATLAB 7.3 MAT-file".ljust(512))
    with pytest.raises(SourceError, match="is no MATLAB 5 file"):
        read_mat5(file, "n")
