"""The application's own code, read from its source: record classes and converters. Nothing of it is imported or run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fieldstone.codegen.storage.application.converters import ConverterSources, FoundConverter
from fieldstone.codegen.storage.application.record_classes import RecordClass, RecordSources
from fieldstone.codegen.storage.application.sources import Sources

__all__ = ["Application"]


class Application:
    """The source below the folders that the application's imports start from; each file is read once.

    Args:
        paths: the folders.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.sources = Sources(paths)
        self._records = RecordSources(self.sources)
        self._converters = ConverterSources(self.sources)

    def record(self, reference: str) -> RecordClass:
        """The class that `record` names: "telemetry_app.records:StepRecord".

        Raises:
            FieldstoneError: the reference names no record class, or its source does not parse.
        """
        return self._records.find(reference)

    def converter(self, reference: str) -> FoundConverter:
        """The object that `converter` names: "app.codecs:observation".

        Raises:
            FieldstoneError: the reference names no object, or one that lacks a function.
        """
        return self._converters.find(reference)
