"""Usage: python -m mypy_scan OUTPUT PATH...: writes what the scan found to the file OUTPUT, as JSON."""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mypy import build, main
from mypy.errors import CompileError

from .contracts import Contracts
from .found import Found
from .scan import Scan


def scanned(paths: Sequence[str]) -> dict[str, Any]:
    """The uses in the code below some paths, as plain data.

    Raises:
        CompileError: mypy cannot read the code.
    """
    sources, options = main.process_options([*paths])
    options.export_types = options.preserve_asts = options.check_untyped_defs = True
    options.incremental = False  # the trees of unchanged files would be missing
    result = build.build(sources, options, stdout=sys.stderr, stderr=sys.stderr)
    contracts, found = Contracts(), Found()
    for name in sorted(result.graph):
        contracts.learn(name)
    own = {source.module for source in sources}
    for name, state in result.graph.items():
        if name in own and state.tree is not None and not contracts.is_generated(name):
            path = os.path.relpath(state.abspath or state.path or name)
            Scan(path, result.types, contracts, found).walk(state.tree)
    return {
        "files": len(own),
        "releases": contracts.releases,
        "packages": contracts.packages,
        "uses": sorted(found.uses),
        "unseen": sorted(found.not_seen),
        "partial": sorted(found.partial),
    }


if __name__ == "__main__":
    gc.disable()  # nearly everything is kept to the end: looking for garbage would take a third of the time
    try:
        answer = scanned(sys.argv[2:])
    except CompileError as error:
        sys.exit("\n".join(error.messages))
    Path(sys.argv[1]).write_text(json.dumps(answer), "utf-8")
    sys.stderr.flush()
    os._exit(0)  # as mypy does: taking apart the trees of large programs takes seconds
