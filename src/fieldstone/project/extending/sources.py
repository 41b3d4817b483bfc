"""The value of `extends`: a path, or a file in another git repository."""

from __future__ import annotations

import os.path
import posixpath
import re

from msgspec import Struct

from fieldstone.errors import Invalid

_GIT = re.compile(
    r"git\+(?P<url>(?:https?|ssh|git|file)://[^\s#]*?/[^\s#]+)@(?P<ref>[^\s#@:^~?*\[\\-][^\s#@:^~?*\[\\]*)#(?P<file>[^\s#]+)"
)
_FORMS = "write a path such as ../policy/fieldstone.toml, or git+https://git.example.com/acme/policy@v3#fieldstone.toml"
_SUFFIX = ".toml"


class Source(Struct, frozen=True):
    """A settings file that another one extends.

    Attributes:
        file: its path with `/`: in the git repository, else relative to the folder of the settings, or absolute.
        url: the address of the git repository; empty for a path.
        ref: the branch, tag or commit in it.
    """

    file: str
    url: str = ""
    ref: str = ""

    def __str__(self) -> str:
        """The source as `extends` has it."""
        return f"git+{self.url}@{self.ref}#{self.file}" if self.url else self.file


def source_of(text: str, *, within: Source, where: str) -> Source:
    """The source that a settings file extends.

    Args:
        text: the value of `extends`.
        within: the source with that value: paths are relative to its folder, and in git stay in its repository.
        where: the file with that value, for error messages.

    Raises:
        FieldstoneError: it is no path and no address of a file in git.
    """
    if found := _GIT.fullmatch(text):
        return _in_git(found["file"], Source("", found["url"], found["ref"]), text, where)
    if "://" in text or text.startswith("git+"):
        raise Invalid(f"extends in {where} is {text}, and that names no file in git at a REF", fix=_FORMS)
    if not text.endswith(_SUFFIX):
        raise Invalid(f"extends in {where} is {text}, and that is no {_SUFFIX} file", fix=_FORMS)
    if within.url:
        return _in_git(posixpath.join(posixpath.dirname(within.file), text), within, text, where)
    return Source(os.path.normpath(os.path.join(os.path.dirname(within.file), text)).replace(os.sep, "/"))  # noqa: PTH118, PTH120


def _in_git(file: str, repository: Source, text: str, where: str) -> Source:
    path = posixpath.normpath(file)
    if path.startswith(("/", "../", "-")) or not path.endswith(_SUFFIX):
        raise Invalid(f"extends in {where} is {text}, and that names no {_SUFFIX} file in the repository", fix=_FORMS)
    return Source(path, repository.url, repository.ref)
