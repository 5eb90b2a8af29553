import pytest

torch = pytest.importorskip("torch")

from fastdepth_train.losses import edge, gradient_matching  # noqa: E402

NAN = float("nan")


def test_gradient_matching_by_hand():
    # Log errors: row 0: 0, 1, 1; row 1: 0, 3, invalid.
    error = torch.tensor([[0.0, 1.0, 1.0], [0.0, 3.0, 0.0]])
    truth = torch.full((2, 3), 2.0)
    prediction = (truth * torch.exp(error))[None, None]
    truth[1, 2] = NAN
    truth = truth[None, None]
    vertical = (0.0 + 2.0) / 2
    horizontal = (1.0 + 0.0 + 3.0) / 3
    assert gradient_matching(prediction, truth, scales=1) == pytest.approx(vertical + horizontal)
    # At the second scale row 0 has the columns 0 and 2, and there is no second row.
    assert gradient_matching(prediction, truth, scales=2) == pytest.approx(
        vertical + horizontal + 1.0
    )


def test_gradient_matching_ignores_a_common_factor():
    truth = torch.rand(2, 1, 16, 16) + 1
    assert gradient_matching(truth * 3, truth) == pytest.approx(0.0, abs=1e-4)


def test_edge_by_hand():
    # Errors: 0, 1, 1 above 0, 3, invalid.
    truth = torch.tensor([[[[2.0, 2.0, 4.0], [5.0, 1.0, NAN]]]])
    prediction = torch.tensor([[[[2.0, 3.0, 5.0], [5.0, 4.0, 9.0]]]])
    horizontal = (1.0 + 0.0 + 3.0) / 3
    vertical = (0.0 + 2.0) / 2
    assert edge(prediction, truth) == pytest.approx(horizontal + vertical)


def test_edge_ignores_a_common_offset():
    truth = torch.rand(2, 1, 16, 16) + 1
    assert edge(truth + 3, truth) == pytest.approx(0.0, abs=1e-6)
    assert edge(truth * 3, truth) > 0.1


@pytest.mark.parametrize("loss", [edge, gradient_matching])
@pytest.mark.parametrize("shape", [(1, 1, 1, 5), (1, 1, 5, 1), (1, 1, 1, 1)])
def test_maps_without_neighbours_cost_what_they_can(loss, shape):
    assert torch.isfinite(loss(torch.ones(shape), torch.ones(shape)))
