import cv2
import numpy as np
import pytest

from fastdepth.colour import colourise, depth_colours, error_colours
from fastdepth.errors import OutputError
from fastdepth.lettering import INK, PAPER, draw_text, text_width
from fastdepth.pictures import depth_scale, error_scale, picture_grid, tick_values, write_picture


def flat(colour, height=60, width=80):
    return np.full((height, width, 3), colour, np.uint8)


def find(picture, colour):
    """Return top, bottom, left, right (inclusive) of the pixels of one colour."""
    rows, columns = np.nonzero((picture == np.array(colour)).all(axis=2))
    assert rows.size, f"no pixel is {colour}"
    return rows.min(), rows.max(), columns.min(), columns.max()


def test_panels_stand_in_rows_and_columns_in_the_order_given():
    red, green, blue, olive = (250, 0, 0), (0, 250, 0), (0, 0, 250), (120, 120, 0)
    picture = picture_grid(
        [[flat(red), flat(green)], [flat(blue), flat(olive)]], ["one", "two"], panel_width=160
    )
    boxes = {name: find(picture, name) for name in (red, green, blue, olive)}
    assert boxes[red][3] < boxes[green][2]
    assert boxes[blue][3] < boxes[olive][2]
    assert boxes[red][1] < boxes[blue][0]
    for top, bottom, left, right in boxes.values():
        assert right - left + 1 == 160
        assert bottom - top + 1 == 120


def test_every_panel_takes_the_shape_of_the_first():
    picture = picture_grid(
        [[flat((250, 0, 0), 60, 80), flat((0, 250, 0), 56, 56)]], ["a", "b"], panel_width=200
    )
    top, bottom, left, right = find(picture, (0, 250, 0))
    assert (right - left + 1, bottom - top + 1) == (200, 150)


def test_the_depth_scale_stands_under_its_columns_and_shows_its_range_near_to_far():
    near, far = 1.0, 5.0
    depth = np.full((60, 80), 3.0, np.float32)
    picture = picture_grid(
        [[flat((0, 250, 0)), colourise(depth, near, far), colourise(depth, near, far)]],
        ["frame", "ground truth", "prediction"],
        [depth_scale(near, far, (1, 2))],
        panel_width=160,
    )
    panel = find(picture, colourise(depth, near, far)[0, 0])
    middle = panel[2:]
    bar_row = _row_of(picture, depth_colours(), below=find(picture, (0, 250, 0))[1])
    shown = picture[bar_row, middle[0] + 2 : middle[1] - 1].astype(int)
    table = depth_colours().astype(int)
    index = np.abs(shown[:, None] - table).sum(axis=2).argmin(axis=1)
    assert index[0] <= 3
    assert index[-1] >= 252
    assert np.all(np.diff(index) >= 0)
    assert (picture[bar_row, : middle[0] - 2] == PAPER).all()


def test_ticks_lie_where_their_value_is():
    picture = picture_grid(
        [[flat((0, 250, 0))]], ["depth"], [depth_scale(0.0, 4.0, (0, 0))], panel_width=400
    )
    _, bottom, left, right = find(picture, (0, 250, 0))
    bar_row = _row_of(picture, depth_colours(), below=bottom)
    below = bar_row + 1
    while not (picture[below, left + 1 : right] == PAPER).all(axis=1).any():
        below += 1
    ticks = np.flatnonzero((picture[below, left : right + 1] == INK).all(axis=1))
    np.testing.assert_allclose(ticks, np.linspace(0, right - left, 5), atol=1)


def test_an_error_scale_has_the_colours_of_errors():
    picture = picture_grid(
        [[flat((0, 250, 0))]], ["error"], [error_scale(0.5, (0, 0))], panel_width=300
    )
    row = _row_of(picture, error_colours(), below=find(picture, (0, 250, 0))[1])
    left, right = find(picture, (0, 250, 0))[2:]
    assert picture[row, left + 3, 2] > picture[row, left + 3, 0]
    assert picture[row, right - 3, 0] > picture[row, right - 3, 2]


def test_a_footer_makes_room_for_itself():
    rows = [[flat((0, 250, 0))]]
    plain = picture_grid(rows, ["a"])
    footed = picture_grid(rows, ["a"], footer="mock 1")
    assert footed.shape[0] > plain.shape[0]
    assert (footed[plain.shape[0] :] != PAPER).any()


def test_a_swatch_explains_a_colour_beside_the_scales():
    picture = picture_grid(
        [[flat((0, 250, 0)), flat((0, 0, 250))]],
        ["frame", "depth"],
        [depth_scale(0.0, 5.0, (1, 1))],
        swatches={"no depth": (128, 128, 128)},
        panel_width=200,
    )
    top, bottom, left, right = find(picture, (128, 128, 128))
    frame = find(picture, (0, 250, 0))
    assert top > frame[1]
    assert left == frame[2]
    assert right < frame[3]
    assert (picture[top : bottom + 1, right + 1 : frame[3]] != PAPER).any()


def test_a_picture_is_written_in_its_colours(tmp_path):
    path = tmp_path / "new" / "a.png"
    write_picture(path, flat((250, 100, 0), 4, 6))
    assert cv2.imread(str(path)).tolist() == [[[0, 100, 250]] * 6] * 4


def test_a_picture_that_cannot_be_written_is_an_output_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot make"):
        write_picture(tmp_path / "file" / "a.png", flat((1, 2, 3)))


@pytest.mark.parametrize("width", [97, 160, 321])
def test_sides_are_even(width):
    picture = picture_grid([[flat((1, 2, 3), 51, 77)] * 3], ["a", "b", "c"], panel_width=width)
    assert picture.shape[0] % 2 == 0
    assert picture.shape[1] % 2 == 0


@pytest.mark.parametrize("rows", [[], [[flat((0, 0, 0))]]])
def test_rows_that_do_not_match_the_titles_are_refused(rows):
    with pytest.raises(ValueError, match="expected 2"):
        picture_grid(rows, ["a", "b"])


@pytest.mark.parametrize(
    ("low", "high", "values"),
    [
        (0.0, 10.0, [0, 2, 4, 6, 8, 10]),
        (1.5, 4.0, [1.5, 2, 2.5, 3, 3.5, 4]),
        (-0.5, 0.5, [-0.4, -0.2, 0, 0.2, 0.4]),
        (0.3, 1.1, [0.4, 0.6, 0.8, 1.0]),
    ],
)
def test_tick_values_are_round_and_inside(low, high, values):
    np.testing.assert_allclose(tick_values(low, high), values, atol=1e-12)


@pytest.mark.parametrize("height", [8, 12, 30])
def test_capitals_have_the_height_asked_for(height):
    canvas = np.full((80, 600, 3), PAPER, np.uint8)
    draw_text(canvas, "HEH", (10, 20), height)
    dark = canvas.min(axis=2) < 128
    rows = np.flatnonzero(dark.any(axis=1))
    assert abs(rows[0] - 20) <= 1
    assert abs(rows[-1] - rows[0] + 1 - height) <= 2


@pytest.mark.parametrize(("align", "start"), [("left", 100), ("centre", 50), ("right", 0)])
def test_text_is_aligned_as_asked(align, start):
    canvas = np.full((40, 200, 3), PAPER, np.uint8)
    width = text_width("Hall", 12)
    draw_text(canvas, "Hall", (100, 10), 12, align=align)
    columns = np.flatnonzero((canvas != PAPER).any(axis=(0, 2)))
    assert abs(columns[0] - (100 - width * (100 - start) / 100)) <= 1
    assert abs(columns[-1] - columns[0] + 1 - width) <= 1


def test_text_over_the_edge_is_cut_off():
    canvas = np.full((20, 30, 3), PAPER, np.uint8)
    draw_text(canvas, "Hall of many doors", (20, 14), 12)
    draw_text(canvas, "Hall", (-500, 5), 12)
    draw_text(canvas, "  ", (5, 5), 12)
    assert (canvas[:, 20:] != PAPER).any()
    assert (canvas[:, :18] == PAPER).all()


def _row_of(picture, colours, below):
    """Return the middle row of the colour bar under a row of the picture."""
    middle = colours[60]
    near = np.abs(picture.astype(int) - middle).max(axis=2) < 4
    rows = np.flatnonzero(near.any(axis=1))
    rows = rows[rows > below]
    assert rows.size
    return int(rows[rows.size // 2])
