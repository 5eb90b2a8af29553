"""The paper's decoder: one stage after the other, with skips from the encoder."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from fastdepth_train.errors import NetworkError
from fastdepth_train.networks.config import DecoderConfig
from fastdepth_train.networks.decoders.decoder import Decoder, check_stages, upsample2
from fastdepth_train.networks.decoders.stages import STAGES


class ChainDecoder(Decoder):
    """One stage a halving of the encoder; after every stage but the last a skip may join.

    The last stage's upsample is left to the network, which puts its head before it, unless the
    stage begins with it.
    """

    def __init__(self, config: DecoderConfig, encoder_channels: Sequence[int]) -> None:
        """Build for an encoder whose maps have `encoder_channels`, fine to coarse.

        Raises:
            NetworkError: wrong number of stages, or a skip whose channels differ from what it is
                added to.

        """
        super().__init__()
        check_stages(config, encoder_channels)
        coarsest, *skips = reversed(encoder_channels)
        kind = STAGES[config.name]
        self.skip = config.skip
        self.first_skip = config.first_skip
        inputs = [coarsest]
        for number, (out, skip) in enumerate(zip(config.channels[:-1], skips, strict=True), 1):
            joins = self._joins(number)
            if joins and self.skip == "add" and out != skip:
                msg = (
                    f"decoder stage {number} has {out} channels of {config.channels}; expected the "
                    f"encoder's {skip} there, since skips are added"
                )
                raise NetworkError(msg)
            inputs.append(out + skip if joins and self.skip == "concat" else out)
        self.stages = nn.ModuleList(
            kind.build(i, o, config.kernel) for i, o in zip(inputs, config.channels, strict=True)
        )
        self.upsample = nn.Identity() if kind.upsample is None else upsample2(kind.upsample)
        self.out_channels = config.channels[-1]
        self.out_stride = 1 if kind.upsample is None else 2

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Map the encoder's feature maps, fine to coarse, to one of `out_stride`."""
        x = maps[-1]
        for number, (stage, skip) in enumerate(
            zip(self.stages[:-1], reversed(maps[:-1]), strict=True), 1
        ):
            x = self.upsample(stage(x))
            if self._joins(number):
                x = x + skip if self.skip == "add" else torch.cat((x, skip), dim=1)
        last: Tensor = self.stages[-1](x)
        return last

    def _joins(self, stage: int) -> bool:
        return self.skip != "none" and stage >= self.first_skip
