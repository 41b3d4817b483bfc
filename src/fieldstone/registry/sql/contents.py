"""Where the contents of files lie: in the database, or in an object store, by their digest."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from fieldstone.errors import Damaged, Invalid, Unavailable
from fieldstone.installing import with_extra
from fieldstone.schema.digest import file_digest

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_RETRIES = 3
_LONGEST = timedelta(seconds=10)
"""The time after which a request is not sent again."""


class Contents(Protocol):
    """A store of contents outside the database."""

    def put(self, digest: str, content: bytes) -> None:
        """Store a content, unless it is there.

        Raises:
            Damaged: another content is there.
            Unavailable: the store cannot be reached.
        """

    def require_ready(self) -> None:
        """Raise unless the store answers.

        Raises:
            Unavailable: it does not.
        """

    def get(self, digest: str) -> bytes:
        """A content.

        Raises:
            Damaged: it is missing, or another one.
            Unavailable: the store cannot be reached.
        """


def open_contents(url: str) -> Contents:
    """The object store at a URL: `s3://BUCKET/PREFIX`, `gs://...`, `az://...`, `file:///...`.

    Credentials and endpoints come from the environment, as the clients of these stores read them. The store must be
    able to create an object only if it is not there, as S3 does with `If-None-Match`.

    Raises:
        Invalid: obstore is not installed, or the URL is none of an object store.
    """
    try:
        from obstore.exceptions import BaseError
        from obstore.store import from_url
    except ImportError as error:
        raise Invalid(
            f"objects at {url} need obstore, which is not installed", fix=f"install it: `{with_extra('objects')}`"
        ) from error
    try:
        return _ObjectStore(url, from_url(url, retry_config={"max_retries": _RETRIES, "retry_timeout": _LONGEST}))
    except (BaseError, ValueError) as error:
        raise Invalid(f"{url} is no object store: {_reason(error)}", fix="write it as s3://BUCKET/PREFIX") from error


class _ObjectStore:
    """Contents as objects `xx/<digest>`."""

    def __init__(self, url: str, store: ObjectStore) -> None:
        self._url, self._store = url, store

    def put(self, digest: str, content: bytes) -> None:
        """Store a content."""
        from obstore import put
        from obstore.exceptions import AlreadyExistsError, BaseError

        try:
            put(self._store, _key(digest), content, mode="create")
        except AlreadyExistsError:
            self.get(digest)
        except (BaseError, OSError) as error:
            raise self._unavailable("write", digest, error) from error

    def get(self, digest: str) -> bytes:
        """A content."""
        from obstore import get
        from obstore.exceptions import BaseError

        try:
            content = bytes(get(self._store, _key(digest)).bytes())
        except FileNotFoundError as error:
            raise self._damaged(digest, "is missing") from error
        except (BaseError, OSError) as error:
            raise self._unavailable("read", digest, error) from error
        if file_digest(content) != digest:
            raise self._damaged(digest, f"has another content ({len(content)} bytes)")
        return content

    def require_ready(self) -> None:
        """Raise unless the store answers, if only that an object is not there."""
        with suppress(Damaged):
            self.get("ready")

    def _damaged(self, digest: str, problem: str) -> Damaged:
        return Damaged(
            f"the object {_key(digest)} of {self._url} {problem}",
            fix="restore it from a backup of the object store, or from any copy of a file with that digest",
        )

    def _unavailable(self, what: str, digest: str, error: Exception) -> Unavailable:
        return Unavailable(
            f"cannot {what} the object {_key(digest)} of {self._url}: {_reason(error)}",
            fix="see whether the object store runs and can be reached, then do it again",
        )


def _reason(error: Exception) -> str:
    """The first line of an error, without queries of URLs: these may have signatures."""
    return re.sub(r"\?\S*", "", str(error).strip().partition("\n")[0])


def _key(digest: str) -> str:
    name = digest.rpartition(":")[2]
    return f"{name[:2]}/{name}"
