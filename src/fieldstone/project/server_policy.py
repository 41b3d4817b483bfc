"""The policy of a server: who may do what, and how its modules are judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from msgspec import Struct

from fieldstone.errors import Denied
from fieldstone.project.server_policy_schema import CONSUMERS, parse
from fieldstone.project.settings import Settings
from fieldstone.project.settings_schema import JUDGING
from fieldstone.project.waiver_table import load_waivers
from fieldstone.proposals.review import ReviewRules

FILE = "policy.toml"
"""The name of the file in messages of a server."""
LARGEST = 2**20
"""The most bytes of a policy."""


class Role(Struct, frozen=True):
    """Scopes for modules.

    Attributes:
        name: its name.
        scopes: some of `read`, `push`, `approve`, `admin`.
        modules: patterns of module names, as of a shell.
    """

    name: str
    scopes: tuple[str, ...]
    modules: tuple[str, ...]


class Identity(Struct, frozen=True):
    """Pipelines that log in by tokens of an issuer; the attributes are the keys of `[identities.NAME]`."""

    name: str
    issuer: str
    audience: str
    subjects: tuple[str, ...]
    role: Role

    def matches(self, subject: str) -> bool:
        """Whether it is the identity of a subject."""
        return any(fnmatchcase(subject, pattern) for pattern in self.subjects)


class SignIn(Struct, frozen=True):
    """An issuer by which people sign in to the pages; the attributes are the keys of `[sign-in.NAME]`."""

    name: str
    issuer: str
    client_id: str
    title: str


class Policy(Struct, frozen=True):
    """A validated policy.

    Attributes:
        number: its number in the registry; 0 without one.
        content: the text of its file.
        values: its values, without defaults.
    """

    number: int = 0
    content: str = ""
    values: Mapping[str, Any] = {}

    @property
    def anonymous_reads(self) -> bool | None:
        """Whether requests without a token may read; None leaves it to the server."""
        return self.values.get("anonymous-reads")

    @property
    def draft_days(self) -> int | None:
        """The lifetime of a draft; None leaves it to the server."""
        return self.values.get("draft-days")

    @property
    def default_owner(self) -> str:
        """The owner of modules without one; empty leaves it to the server."""
        return str(self.values.get("default-owner", ""))

    @property
    def keeps_proposals(self) -> bool:
        """Whether breaking pushes become proposals."""
        return bool(self.values.get("proposals", False))

    def reviews(self, module: str) -> ReviewRules:
        """Whose approval the proposals of a module need."""
        values = self.of(module)
        approvers = values.get("approve")
        return ReviewRules(
            approvers=None if approvers is None else frozenset(approvers),
            required=values.get("required-approvals", 1),
            asks_consumers=CONSUMERS in values.get("reviewers", ()),
            teams={owner: tuple(names) for owner, names in self.values.get("teams", {}).items()},
        )

    def releases_when_approved(self, module: str) -> bool:
        """Whether the last approval releases a proposal of a module."""
        return bool(self.of(module).get("release-when-approved", False))

    @property
    def packages(self) -> Mapping[str, Any]:
        """The keys of `[packages]`; what it does not name is left to the server."""
        found: Mapping[str, Any] = self.values.get("packages", {})
        return found

    @property
    def allowed_signers(self) -> str:
        """The text of a file of allowed signers."""
        return str(self.values.get("allowed-signers", ""))

    def demands_signature(self, module: str) -> bool:
        """Whether releases of a module must be signed."""
        return bool(self.of(module).get("signed", False))

    @property
    def identities(self) -> list[Identity]:
        """The identities, in the order of the file."""
        roles = {
            name: Role(name, tuple(role["scopes"]), tuple(role.get("modules", ["*"])))
            for name, role in self.values.get("roles", {}).items()
        }
        return [
            Identity(name, one["issuer"], one["audience"], tuple(one["subjects"]), roles[one["role"]])
            for name, one in self.values.get("identities", {}).items()
        ]

    @property
    def sign_ins(self) -> list[SignIn]:
        """The issuers by which people sign in, in the order of the file."""
        return [
            SignIn(name, one["issuer"], one["client-id"], one.get("title", name))
            for name, one in self.values.get("sign-in", {}).items()
        ]

    def of(self, module: str) -> dict[str, Any]:
        """The settings of a module: those of all patterns that match, a later one over an earlier one."""
        found: dict[str, Any] = {}
        for pattern, values in self.values.get("modules", {}).items():
            if fnmatchcase(module, pattern):
                rules = {**found.get("rules", {}), **values.get("rules", {})}
                found = {**found, **values, **({"rules": rules} if rules else {})}
        return found

    def permits(self, right: str, module: str, names: Iterable[str]) -> bool:
        """Whether a caller is among those who may do something to a module, by its names; see `SCHEMA`.

        Args:
            right: `push`, `approve` or `waive`.
            module: the module.
            names: the name of the caller's token or identity, and of its role.
        """
        listed = self.of(module).get(right)
        return right != "waive" if listed is None else not {*listed}.isdisjoint(names)

    def settings(self, folder: Path, modules: Mapping[str, Mapping[str, Any]], **values: Any) -> Settings:
        """The settings to judge modules by.

        Args:
            folder: the folder of the settings, to which the policy is written if it has waivers.
            modules: name to the settings of a module besides the judging ones.
            values: further settings.

        Raises:
            OSError: the file cannot be written.
        """
        named = {
            name: {**{key: value for key, value in self.of(name).items() if key in JUDGING}, **own}
            for name, own in modules.items()
        }
        entries = [entry for entry in self.values.get("waivers", ()) if entry.get("module", "") in {"", *modules}]
        if entries:
            (folder / FILE).write_text(self.content, "utf-8", newline="")
        return Settings(
            folder, values={**values, "modules": named}, waivers=load_waivers(entries, folder / FILE) if entries else {}
        )

    def refuse_other_than_waivers(self, newer: Policy, names: Iterable[str]) -> None:
        """Raise if a newer policy differs in other things than in waivers that a caller may change.

        Args:
            newer: the policy that would replace this one.
            names: see `permits`.

        Raises:
            Denied: it does.
        """
        old, new = (
            {key: value for key, value in policy.values.items() if key != "waivers"} for policy in (self, newer)
        )
        waivers = [[*policy.values.get("waivers", ())] for policy in (self, newer)]
        changed = [entry for one, other in (waivers, waivers[::-1]) for entry in one if entry not in other]
        allowed = all(entry.get("module") and self.permits("waive", entry["module"], names) for entry in changed)
        if old != new or not allowed:
            raise Denied(
                "only an admin may change the policy, and who `waive` names the waivers of its modules",
                fix="ask an admin of the registry",
            )


def load(content: str, *, number: int = 0, file: str = FILE) -> Policy:
    """The policy in a text; an empty text is the policy of defaults.

    Raises:
        Invalid: see `parse`.
    """
    return Policy(number, content, parse(content, file))
