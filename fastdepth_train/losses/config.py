"""Which losses teach, and how much each counts."""

from __future__ import annotations

from dataclasses import dataclass

from fastdepth_train.errors import ConfigError

TERMS = ("l1", "edge", "ssim", "berhu", "log_l1", "silog", "gradient")
# Of the reimplementation this project began with, where its SSIM had no structure.
DEFAULT_WEIGHTS = {"l1": 0.6, "edge": 0.2, "ssim": 1.0}


@dataclass(frozen=True)
class LossConfig:
    """Weights of the terms; a term of weight 0 is not computed.

    Without any weight the loss is 0.6 l1 + 0.2 edge + 1.0 ssim. With one or more, those that are
    not given are 0.

    Attributes:
        l1: of the absolute error, metres.
        edge: of the difference of depth gradients, metres a pixel.
        ssim: of (1 - SSIM) / 2 in 11x11 windows.
        berhu: of the reverse Huber loss, metres.
        log_l1: of the absolute error of the natural logarithm.
        silog: of the scale-invariant log error.
        gradient: of multi-scale gradient matching in the logarithm.
        ssim_range: depth that SSIM takes for the range of its values, metres.
        silog_focus: how much of the mean log error SILog forgives, 0 to 1.
        gradient_scales: how many scales, each half the last.

    """

    l1: float | None = None
    edge: float | None = None
    ssim: float | None = None
    berhu: float | None = None
    log_l1: float | None = None
    silog: float | None = None
    gradient: float | None = None
    ssim_range: float = 10.0
    silog_focus: float = 0.85
    gradient_scales: int = 4

    def __post_init__(self) -> None:
        """Refuse a loss that cannot teach; raise ConfigError."""
        weights = self._given() or DEFAULT_WEIGHTS
        if min(weights.values()) < 0 or max(weights.values()) <= 0:
            msg = f"loss weights are {weights}; expected none below 0 and at least one above"
            raise ConfigError(msg)
        if not (0 <= self.silog_focus <= 1 and self.gradient_scales >= 1 and self.ssim_range > 0):
            msg = (
                f"silog_focus is {self.silog_focus}, gradient_scales {self.gradient_scales} and "
                f"ssim_range {self.ssim_range}; expected a share in 0..1, at least one scale and "
                "metres above 0"
            )
            raise ConfigError(msg)

    @property
    def weights(self) -> dict[str, float]:
        """Weight of every term that counts, by its name."""
        weights = self._given() or DEFAULT_WEIGHTS
        return {term: weight for term, weight in weights.items() if weight > 0}

    def _given(self) -> dict[str, float]:
        values = {term: getattr(self, term) for term in TERMS}
        return {term: value for term, value in values.items() if value is not None}
