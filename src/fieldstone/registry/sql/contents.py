"""Where the contents of files lie: in the database, or in an object store, by their digest."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from fieldstone.errors import Invalid, Unavailable
from fieldstone.installing import with_extra

if TYPE_CHECKING:
    from obstore.store import ObjectStore, RetryConfig


class Contents(Protocol):
    """A store of contents outside the database."""

    def put(self, digest: str, content: bytes) -> None:
        """Store a content; again does no harm.

        Raises:
            Unavailable: the store cannot be reached.
        """

    def get(self, digest: str) -> bytes | None:
        """A content, unverified; None if there is none.

        Raises:
            Unavailable: the store cannot be reached.
        """


def open_contents(url: str) -> Contents:
    """The object store at a URL: `s3://BUCKET/PREFIX`, `gs://...`, `az://...`, `file:///...`.

    Credentials and endpoints come from the environment, as the clients of these stores read them.

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
        few: RetryConfig = {"max_retries": 2, "retry_timeout": timedelta(seconds=10)}
        return _ObjectStore(url, from_url(url, retry_config=few))
    except (BaseError, ValueError) as error:
        raise Invalid(f"{url} is no object store: {error}", fix="write it as s3://BUCKET/PREFIX") from error


class _ObjectStore:
    """Contents as objects `xx/<digest>`."""

    def __init__(self, url: str, store: ObjectStore) -> None:
        self._url, self._store = url, store

    def put(self, digest: str, content: bytes) -> None:
        """Store a content."""
        from obstore import put
        from obstore.exceptions import BaseError

        try:
            put(self._store, _key(digest), content)
        except BaseError as error:
            raise self._unavailable(f"cannot write {_key(digest)} to", error) from error

    def get(self, digest: str) -> bytes | None:
        """A content."""
        from obstore import get
        from obstore.exceptions import BaseError

        try:
            return bytes(get(self._store, _key(digest)).bytes())
        except FileNotFoundError:
            return None
        except BaseError as error:
            raise self._unavailable(f"cannot read {_key(digest)} from", error) from error

    def _unavailable(self, what: str, error: Exception) -> Unavailable:
        """The error for one of the store: its first line, without queries of URLs, which may have signatures."""
        reason = re.sub(r"\?\S*", "", str(error).partition("\n")[0])
        return Unavailable(f"{what} {self._url}: {reason}", fix="see whether the object store can be reached")


def _key(digest: str) -> str:
    name = digest.rpartition(":")[2]
    return f"{name[:2]}/{name}"
