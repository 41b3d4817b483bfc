"""Init: settings, hooks, the annotation vocabulary and, in a folder without buf, a buf.yaml.

All is thought out before anything is written, and only files that do not exist are written.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from fieldstone.errors import FieldstoneError
from fieldstone.schema.buf import Running
from fieldstone.schema.workspace import CONFIG_FILES, load_workspace
from fieldstone.settings import Settings, find_settings
from fieldstone.workflows import init_texts as texts
from fieldstone.workflows.hooks import HOOKS, HOOKS_FILE, local_config
from fieldstone.workflows.import_roots import Layout, Survey, infer_layout, is_below, is_vendored, survey
from fieldstone.workflows.init_advice import advise
from fieldstone.workflows.project import Project

_BESIDE = "schemas/fieldstone"
"""The module of the vocabulary, where no module is around that folder."""


@dataclass
class Outcome:
    """What init did.

    Attributes:
        written: the files that it wrote, relative to the folder.
        kept: those that were there already and stayed.
        advice: what is left to do by hand.
    """

    written: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)


def init(folder: Path, *, vocabulary: bool = True, hooks: bool = True) -> Outcome:
    """Set Fieldstone up in a folder, empty or with a buf repository or plain .proto files in it.

    Args:
        folder: the root of the repository.
        vocabulary: whether to write the annotation vocabulary.
        hooks: whether to write the pre-commit configuration.

    Raises:
        FieldstoneError: the folder is not there or cannot be written, or its schemas do not compile.
    """
    folder = folder.resolve()
    if not folder.is_dir():
        raise FieldstoneError(f"there is no folder {folder}")
    settings = find_settings(folder)
    top = _top_of_checkout(folder)
    _refuse_inside(folder, settings, top)
    files = _plan(folder, settings, vocabulary=vocabulary)
    if hooks and top in (None, folder):
        files[HOOKS_FILE] = texts.to_yaml(local_config())
    outcome = _write_all(folder, files, settings)
    outcome.advice += advise(folder, outcome.written, hooks=hooks, top=top, vocabulary=_BESIDE)
    return outcome
