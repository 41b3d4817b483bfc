"""People whom an OpenID Connect issuer confirmed: the rights that the policy gives them now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldstone.errors import Denied
from fieldstone.registry.sql.tokens import Token

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fieldstone.project.server_policy import Identity
    from fieldstone.registry.sql.sessions import Session

SLASH = "/"
"""Between the name of an identity and that of a person, who chooses it: no name in a policy has one."""


def person_of(session: Session, identities: Sequence[Identity]) -> tuple[Token, str]:
    """The rights of a person, as a token, and the name of the role.

    Args:
        session: the session of the person.
        identities: the identities of the policy.

    Raises:
        Denied: the policy has no identity for the person.
    """
    for one in identities:
        if (one.issuer, one.audience) == (session.issuer, session.audience) and one.matches(session.subject):
            id_, name, role = f"{session.issuer} {session.subject}", f"{one.name}{SLASH}{session.person}", one.role
            return Token(id_, name, role.scopes, role.modules, session.created_at, session.expires_at), role.name
    raise Denied(
        f"no identity of this registry's policy has {session.person}, whose subject at {session.issuer} is "
        f"{session.subject}",
        fix="ask an admin of the registry for one",
    )
