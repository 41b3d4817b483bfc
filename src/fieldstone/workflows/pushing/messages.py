"""Messages between a server and the processes that judge for it."""

from __future__ import annotations

from msgspec import Struct

from fieldstone.registry.sql.catalog import Commit


class Sent(Struct, frozen=True, kw_only=True):
    """A release as a client sends it.

    Attributes:
        module: the module that it was sent to.
        archive: see `registry.archive`.
        who: the name of who sends it.
        credential: the id of their token.
        address: the address of the registry in messages.
        is_copy: whether it comes from another registry, which judged it: then its contents and its place in the chain
            are verified, and no policy is applied.
    """

    module: str
    archive: bytes
    who: str = ""
    credential: str = ""
    address: str = ""
    is_copy: bool = False


class Pushed(Struct, frozen=True):
    """The result of a push.

    Attributes:
        commits: the commit of each module, in the order of the upload; empty if it was refused.
        refusal: the findings and the summary, for people; empty if it was not refused.
        proposal: the number of the proposal that a refused push became; 0 if it is none.
        warning: what is worth a word although it was accepted: the findings of drafts.
    """

    commits: tuple[Commit, ...] = ()
    refusal: str = ""
    proposal: int = 0
    warning: str = ""
