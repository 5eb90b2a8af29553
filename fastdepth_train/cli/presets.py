"""`fastdepth presets`: list the networks that can be trained, and what they cost."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch

from fastdepth.files import write_json
from fastdepth_train.networks.build import AnyConfig, build_network
from fastdepth_train.networks.config import NetworkConfig
from fastdepth_train.networks.cost import network_cost
from fastdepth_train.networks.meter import METER_SIZE
from fastdepth_train.networks.presets import PRESETS

# Width and height at which the field counts operations.
_SIZE = (224, 224)


def main(argv: list[str]) -> int:
    """Run the verb; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="fastdepth presets",
        description="List the networks that can be trained: parameters (without batch norms, which "
        "become part of the convolutions) and multiply-accumulate operations of one image.",
    )
    parser.add_argument("--json", type=Path, help="also write the list to this file")
    args = parser.parse_args(argv)
    rows = {name: describe(config) for name, config in PRESETS.items()}
    print("\n".join(_table(rows)))
    if args.json is not None:
        write_json(args.json, rows)
    return 0


def describe(config: AnyConfig) -> dict[str, Any]:
    """Return what a network is and costs: plain values, counts in ones."""
    is_composed = isinstance(config, NetworkConfig)
    width, height = _SIZE if is_composed else METER_SIZE
    # Shapes without values: nothing is drawn and nothing computed.
    with torch.device("meta"):
        cost = network_cost(build_network(config), width, height)
    encoder, decoder = _parts(config) if isinstance(config, NetworkConfig) else ("meter", "meter")
    return {
        "encoder": encoder,
        "decoder": decoder,
        "parameters": cost.parameters,
        "norm_parameters": cost.norm_parameters,
        "macs": cost.macs,
        "width": width,
        "height": height,
    }


def _parts(config: NetworkConfig) -> tuple[str, str]:
    encoder, decoder = config.encoder, config.decoder
    size = "" if encoder.width == 1 else f" x{encoder.width:g}"
    size = " pruned" if encoder.channels is not None else size
    return f"{encoder.name}{size}", f"{decoder.name} k{decoder.kernel}, skip {decoder.skip}"


def _table(rows: dict[str, dict[str, Any]]) -> list[str]:
    head = ("preset", "encoder", "decoder", "input", "parameters", "MACs")
    cells = [
        (
            name,
            row["encoder"],
            row["decoder"],
            f"{row['width']}x{row['height']}",
            f"{row['parameters'] / 1e6:.2f} M",
            f"{row['macs'] / 1e9:.3f} G",
        )
        for name, row in rows.items()
    ]
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    lines = []
    for line in (head, *cells):
        left = [cell.ljust(width) for cell, width in zip(line[:4], widths[:4], strict=True)]
        right = [cell.rjust(width) for cell, width in zip(line[4:], widths[4:], strict=True)]
        lines.append("  ".join([*left, *right]))
    return lines
