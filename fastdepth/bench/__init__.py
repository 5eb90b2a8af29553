"""What speed costs: benchmarks of models, the way of a frame, the node and training.

`fastdepth bench SUB --json FILE` writes one document:

    {"schema": 1, "version": ..., "machine": {...}, "load": {...}, SUB: section}

and `fastdepth bench --json FILE` the same with a section for each SUB that is installed, run one
after the other in processes of their own, and with `aims` and `recommendation`. A section is what
its benchmark makes of its own measurements; its `aims` is a mapping from the keys in
`fastdepth.bench.aims` to measured values, from which the table of aims is made, and its `tables`
are what was printed (`fastdepth.bench.report.Table.as_dict`), from which documents are made.

Times are milliseconds, with their spread as `fastdepth.bench.timing.Spread` has it.
"""
