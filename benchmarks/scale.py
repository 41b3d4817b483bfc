"""How the cost of `fieldstone check` grows with the repository and with the change, against buf.

    python benchmarks/scale.py [--rounds N] [--quick] [--tree DIR] [--only SIZE...] [--limit SECONDS] [--seed N]

Whole processes, on Google's published protos (an npm package, fetched once into a cache); the figures are
medians over the rounds, and every ratio the median of the ratios within a round, of one run on one tree
and one change. buf is measured as people run it, `buf breaking --against IMAGE`, and as well as it can be
used: `--path` for each changed file, against an image that was filtered to them before; what the filtering
takes is printed beside it. On the whole tree buf takes 8 GB of memory. The size `releases` is a tree of ten files
with 1 to 1,000 releases, which take 600 MB of disk; its ratios are between trees. The tables are Markdown.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)

if __name__ == "__main__":
    from benchmarks.scale_plan import main

    main()
