"""METER-XXS, a light hybrid of MobileNetV2 blocks and transformers, with its published weights.

Papa, Russo and Amerini 2023, "METER: a mobile vision transformer architecture for monocular depth
estimation", arXiv 2403.08368. It is here as the strongest published network of this size: to be
scored and timed beside the project's own, and to teach them. Parts carry the names of the published
weights, so those load strictly: `network.load_state_dict(read_state_dict(path))`.

What names and shapes of the weights leave open was settled by accuracy on the 659 training frames
of NYU Depth V2 (protocol `eigen`: RMSE 0.270 m as written here, and with one choice changed):

* patches are of 2x2 pixels (1: 0.354), attention has 4 heads of 8 channels (2: 0.353, 8: 0.314);
* a METER block concatenates the transformer's features and its own input, in this order (the other:
  1.42; the first convolution's output instead of the input: 1.50);
* skips are taken after the first block of each resolution and before its METER block (after it:
  0.52 at H/16, 0.49 at H/8; after the last block at H/4: 0.309);
* every activation is ReLU, the transformer's too (GELU there: 1.15); none stands between a dense
  3x3 convolution and the 1x1 after it (2.14), nor after a transposed convolution (1.93).

Two choices are within 0.001 of others and follow the rest of the network: ReLU after a decoder
stage (SiLU or a leaky ReLU do as well), and ReLU rather than ReLU6 in the MobileNetV2 blocks.

The white border. NYU frames carry a white rim of 5 to 8 pixels, left by the undistortion, and the
published weights take their scale from it: without it depth comes out 1.7 times too large (NYU
frames cut by 4 pixels a side: RMSE 1.92 m). So the network paints one itself. That changes nothing
on whole NYU frames, and gives RMSE 0.324 m instead of 2.21 m on their central cut (protocol
`fastdepth`). A border of 1 pixel is too thin and one of 3 too thick: both are as bad as none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from fastdepth_train.errors import NetworkError
from fastdepth_train.networks.network import FIRST_GUESS

# What the published weights were trained with: width and height, and ImageNet's normalisation.
METER_SIZE = (256, 192)
METER_MEAN = (0.485, 0.456, 0.406)
METER_STD = (0.229, 0.224, 0.225)
CENTIMETRES_PER_METRE = 100.0


@dataclass(frozen=True)
class MeterConfig:
    """Sizes of a METER network; the defaults are those of METER-XXS.

    Attributes:
        stem: channels of the first convolution.
        blocks: output channels of the seven MobileNetV2 blocks; the second, fifth, sixth and
            seventh halve the resolution.
        dims: token width of the three METER blocks.
        mlp_ratios: width of each transformer's hidden layer, in token widths.
        heads: of the attention.
        head_dim: channels of a head.
        patch: side of a patch in pixels.
        expansion: hidden channels of a MobileNetV2 block, in input channels.
        latent: channels between encoder and decoder.
        decoder: channels entering the first decoder stage, and out of each of the three.
        border: width in input pixels of the white border painted over the image; 0 for none.

    """

    stem: int = 16
    blocks: tuple[int, int, int, int, int, int, int] = (16, 24, 24, 24, 48, 64, 80)
    dims: tuple[int, int, int] = (64, 80, 96)
    mlp_ratios: tuple[int, int, int] = (2, 4, 4)
    heads: int = 4
    head_dim: int = 8
    patch: int = 2
    expansion: int = 2
    latent: int = 160
    decoder: tuple[int, int, int, int] = (64, 32, 16, 8)
    border: int = 2

    kind: ClassVar[str] = "meter"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as stored in checkpoints."""
        return {"kind": self.kind, **asdict(self)}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> MeterConfig:
        """Rebuild from `to_dict`; raise NetworkError for an unknown field."""
        fields: dict[str, Any] = {
            key: tuple(item) if isinstance(item, list) else item
            for key, item in value.items()
            if key != "kind"
        }
        try:
            return cls(**fields)
        except TypeError as err:
            msg = f"the network's description has unknown fields: {err}"
            raise NetworkError(msg) from err


class Meter(nn.Module):
    """The network: image in, metres out, at a quarter of the input size.

    Attributes:
        config: what it was built from.
        stride: both sides of the input must be multiples of this.

    """

    def __init__(self, config: MeterConfig | None = None) -> None:
        """Build with random weights; METER-XXS unless `config` says otherwise."""
        super().__init__()
        self.config = config or MeterConfig()
        self.encoder = MeterEncoder(self.config)
        self.decoder = MeterDecoder(self.config)
        # Five halvings, and the coarsest map must still divide into patches.
        self.stride = 32 * self.config.patch
        mean, std = torch.tensor(METER_MEAN), torch.tensor(METER_STD)
        self.register_buffer("white", ((1 - mean) / std).reshape(1, 3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Map a Bx3xHxW image, normalised by METER_MEAN and METER_STD, to Bx1xH/4xW/4 metres."""
        centimetres: Tensor = self.decoder(*self.encoder(self.paint_border(image)))
        return centimetres / CENTIMETRES_PER_METRE

    def paint_border(self, image: Tensor) -> Tensor:
        """Return the image with its outermost `config.border` pixels white."""
        width = self.config.border
        if width == 0:
            return image
        white = self.get_buffer("white")
        inside = image[..., width:-width, width:-width] - white
        return functional.pad(inside, (width,) * 4) + white


class MeterEncoder(nn.Module):
    """Convolutions down to H/32, with a METER block at H/8, H/16 and H/32."""

    def __init__(self, config: MeterConfig) -> None:
        """Build with random weights."""
        super().__init__()
        inputs = (config.stem, *config.blocks[:-1])
        strides = (1, 2, 1, 1, 2, 2, 2)
        self.conv1 = _norm_relu(DenseSeparableConv(3, config.stem, stride=2), config.stem)
        self.mv2 = nn.ModuleList(
            InvertedResidual(i, o, stride, config.expansion)
            for i, o, stride in zip(inputs, config.blocks, strides, strict=True)
        )
        self.mvit = nn.ModuleList(
            MeterBlock(channels, dim, dim * ratio, config)
            for channels, dim, ratio in zip(
                config.blocks[-3:], config.dims, config.mlp_ratios, strict=True
            )
        )
        self.conv2 = _norm_relu(_conv1x1(config.blocks[-1], config.latent), config.latent)

    def forward(self, image: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return the features at H/32 and the skips at H/16, H/8 and H/4."""
        x = self.mv2[0](self.conv1(image))
        quarter = self.mv2[1](x)
        x = self.mv2[3](self.mv2[2](quarter))
        eighth = self.mv2[4](x)
        sixteenth = self.mv2[5](self.mvit[0](eighth))
        x = self.mv2[6](self.mvit[1](sixteenth))
        return self.conv2(self.mvit[2](x)), (sixteenth, eighth, quarter)


class MeterDecoder(nn.Module):
    """Three upsampling stages and the head; no norms, no biases."""

    def __init__(self, config: MeterConfig) -> None:
        """Build with random weights."""
        super().__init__()
        first, *widths = config.decoder
        skips = (config.blocks[5], config.blocks[4], config.blocks[1])
        self.conv2d_in = _conv1x1(config.latent, first)
        self.ups_block_1 = UpsampleStage(first, skips[0], widths[0])
        self.ups_block_2 = UpsampleStage(widths[0], skips[1], widths[1])
        self.ups_block_3 = UpsampleStage(widths[1], skips[2], widths[2])
        self.conv2d_out = nn.Conv2d(widths[2], 1, 3, padding=1, bias=False)
        self._start_at_first_guess()

    def forward(self, x: Tensor, skips: tuple[Tensor, ...]) -> Tensor:
        """Map the encoder's features and its skips, coarse to fine, to depth in centimetres."""
        x = self.ups_block_1(self.conv2d_in(x), skips[0])
        x = self.ups_block_2(x, skips[1])
        x = self.ups_block_3(x, skips[2])
        depth: Tensor = self.conv2d_out(x)
        return depth

    def _start_at_first_guess(self) -> None:
        """Begin near a plausible depth; torch's own start is below a millimetre here."""
        for module in self.modules():
            if isinstance(module, DenseSeparableConv):
                nn.init.kaiming_normal_(module.depthwise.weight, nonlinearity="linear")
                nn.init.kaiming_normal_(module.pointwise.weight, nonlinearity="relu")
            elif isinstance(module, nn.ConvTranspose2d):
                # With stride 2 a pixel of the output receives 9/4 of the 3x3 taps on average.
                nn.init.normal_(module.weight, std=(module.in_channels * 9 / 4) ** -0.5)
        # A rectified unit normal feature has the mean 0.4.
        fan_in = self.conv2d_out.weight.numel()
        mean = FIRST_GUESS * CENTIMETRES_PER_METRE / (0.4 * fan_in)
        nn.init.uniform_(self.conv2d_out.weight, 0.5 * mean, 1.5 * mean)


class MeterBlock(nn.Module):
    """Local convolutions, attention over patches, and a fusion with the block's input."""

    def __init__(self, channels: int, dim: int, mlp_dim: int, config: MeterConfig) -> None:
        """Build with random weights; input and output have `channels`, tokens are `dim` wide."""
        super().__init__()
        self.patch = config.patch
        self.conv1 = _norm_relu(DenseSeparableConv(channels, channels), channels)
        self.conv2 = _norm_relu(_conv1x1(channels, dim), dim)
        self.transformer = Transformer(dim, mlp_dim, config.heads, config.head_dim)
        self.conv3 = _norm_relu(_conv1x1(dim, channels), channels)
        self.conv4 = _norm_relu(DenseSeparableConv(2 * channels, channels), channels)

    def forward(self, image: Tensor) -> Tensor:
        """Map BxCxHxW to the same shape."""
        x = self.conv2(self.conv1(image))
        batch, dim, height, width = x.shape
        side = self.patch
        rows, columns = height // side, width // side
        # Pixels at the same place of every patch attend to each other (Mehta and Rastegari 2022).
        tokens = x.reshape(batch, dim, rows, side, columns, side).permute(0, 3, 5, 2, 4, 1)
        tokens = self.transformer(tokens.reshape(batch * side * side, rows * columns, dim))
        x = tokens.reshape(batch, side, side, rows, columns, dim).permute(0, 5, 3, 1, 4, 2)
        x = self.conv3(x.reshape(batch, dim, height, width))
        fused: Tensor = self.conv4(torch.cat((x, image), dim=1))
        return fused


class Transformer(nn.Module):
    """One layer: attention and an MLP, each after a layer norm and added to its input."""

    def __init__(self, dim: int, mlp_dim: int, heads: int, head_dim: int) -> None:
        """Build with random weights."""
        super().__init__()
        parts = (Normed(dim, Attention(dim, heads, head_dim)), Normed(dim, Mlp(dim, mlp_dim)))
        self.layers = nn.ModuleList([nn.ModuleList(parts)])

    def forward(self, tokens: Tensor) -> Tensor:
        """Map BxNxD to the same shape."""
        for layer in self.layers:
            assert isinstance(layer, nn.ModuleList)  # noqa: S101 - nn.ModuleList forgets its type
            for part in layer:
                tokens = tokens + part(tokens)
        return tokens


class Normed(nn.Module):
    """A layer norm, then `fn`."""

    def __init__(self, dim: int, fn: nn.Module) -> None:
        """Wrap `fn`, which works on tokens of width `dim`."""
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.fn = fn

    def forward(self, tokens: Tensor) -> Tensor:
        """Map BxNxD to the same shape."""
        result: Tensor = self.fn(self.norm(tokens))
        return result


class Attention(nn.Module):
    """Multi-head self-attention in plain matrix products, which every engine runs."""

    def __init__(self, dim: int, heads: int, head_dim: int) -> None:
        """Build with random weights."""
        super().__init__()
        self.heads = heads
        self.head_dim = head_dim
        inner = heads * head_dim
        self.to_qkv = nn.Linear(dim, 3 * inner, bias=False)
        self.to_out = nn.Sequential(nn.Linear(inner, dim))

    def forward(self, tokens: Tensor) -> Tensor:
        """Map BxNxD to the same shape."""
        batch, count, _ = tokens.shape
        queries, keys, values = (
            part.reshape(batch, count, self.heads, self.head_dim).transpose(1, 2)
            for part in self.to_qkv(tokens).chunk(3, dim=-1)
        )
        weights = torch.matmul(queries * self.head_dim**-0.5, keys.transpose(2, 3)).softmax(-1)
        mixed = torch.matmul(weights, values).transpose(1, 2)
        result: Tensor = self.to_out(mixed.reshape(batch, count, self.heads * self.head_dim))
        return result


class Mlp(nn.Module):
    """Two linear layers with a ReLU between."""

    def __init__(self, dim: int, hidden: int) -> None:
        """Build with random weights."""
        super().__init__()
        # The identity stands where the published network has a dropout, so that indices agree.
        self.net = nn.Sequential(
            nn.Linear(dim, hidden), nn.ReLU(), nn.Identity(), nn.Linear(hidden, dim)
        )

    def forward(self, tokens: Tensor) -> Tensor:
        """Map BxNxD to the same shape."""
        result: Tensor = self.net(tokens)
        return result


class InvertedResidual(nn.Module):
    """MobileNetV2's block: expand, depthwise 3x3, project; residual where shapes agree."""

    def __init__(self, in_channels: int, out_channels: int, stride: int, expansion: int) -> None:
        """Build with random weights."""
        super().__init__()
        hidden = in_channels * expansion
        self.is_residual = stride == 1 and in_channels == out_channels
        self.conv = nn.Sequential(
            _conv1x1(in_channels, hidden),
            nn.BatchNorm2d(hidden),
            nn.ReLU(),
            nn.Conv2d(hidden, hidden, 3, stride, padding=1, groups=hidden, bias=False),
            nn.BatchNorm2d(hidden),
            nn.ReLU(),
            _conv1x1(hidden, out_channels),
            nn.BatchNorm2d(out_channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map BxCxHxW to Bxout_channelsxH/stridexW/stride."""
        y: Tensor = self.conv(x)
        return x + y if self.is_residual else y


class DenseSeparableConv(nn.Module):
    """A 3x3 convolution, then a 1x1.

    The published weights call the first depthwise, but it is dense: this is where most of METER's
    operations are.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        """Build with random weights."""
        super().__init__()
        self.depthwise = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
        self.pointwise = _conv1x1(out_channels, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map BxCxHxW to Bxout_channelsxH/stridexW/stride."""
        y: Tensor = self.pointwise(self.depthwise(x))
        return y


class UpsampleStage(nn.Module):
    """A transposed convolution x2, a concatenated skip, then a convolution and ReLU."""

    def __init__(self, in_channels: int, skip_channels: int, out_channels: int) -> None:
        """Build with random weights."""
        super().__init__()
        self.conv2d_transpose = nn.ConvTranspose2d(
            in_channels, out_channels, 3, stride=2, padding=1, output_padding=1, bias=False
        )
        self.end_up_layer = nn.Sequential(
            DenseSeparableConv(out_channels + skip_channels, out_channels), nn.ReLU()
        )

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """Map features to twice their size, that of `skip`."""
        y: Tensor = self.end_up_layer(torch.cat((self.conv2d_transpose(x), skip), dim=1))
        return y


def _conv1x1(in_channels: int, out_channels: int) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, 1, bias=False)


def _norm_relu(conv: nn.Module, channels: int) -> nn.Sequential:
    return nn.Sequential(conv, nn.BatchNorm2d(channels), nn.ReLU())
