"""The packages that a registry serves: their languages, their names, and which one to build."""

from __future__ import annotations

from msgspec import Struct

from fieldstone.codegen.clients.typescript import npm_name
from fieldstone.codegen.names import contracts_distribution
from fieldstone.project.server_policy import Policy
from fieldstone.project.settings_schema import validate

PYTHON, TYPESCRIPT = "python", "typescript"
"""The languages of the packages that a registry serves."""


class Naming(Struct, frozen=True):
    """The names of a registry's packages.

    Attributes:
        python_prefix: the beginning of the names of Python packages; may be empty.
        npm_scope: the scope of npm packages, without its @; may be empty.
    """

    python_prefix: str = ""
    npm_scope: str = ""

    def of(self, language: str, module: str, version: str) -> str:
        """The name of the package of a release.

        Raises:
            Invalid: npm takes no such scope.
        """
        if language == PYTHON:
            return contracts_distribution(module, version, self.python_prefix)
        return npm_name(module, version, self.npm_scope)

    @property
    def settings(self) -> dict[str, str]:
        """The same as the table `[package]` of the settings."""
        return {"python-prefix": self.python_prefix, "npm-scope": self.npm_scope}

    def under(self, policy: Policy) -> Naming:
        """The names under a policy, which replaces those that it has."""
        return Naming(
            policy.packages.get("python-prefix", self.python_prefix), policy.packages.get("npm-scope", self.npm_scope)
        )


def naming_of(python_prefix: str, npm_scope: str) -> Naming:
    """The names of packages that an administrator asks for.

    Args:
        python_prefix: see `Naming`.
        npm_scope: see `Naming`; its @ may be there.

    Raises:
        Invalid: Python or npm takes no such names.
    """
    naming = Naming(python_prefix, npm_scope.removeprefix("@"))
    validate({"package": naming.settings}, "the options of the server")
    return naming


class Wanted(Struct, frozen=True, kw_only=True):
    """A package to build.

    Attributes:
        language: `PYTHON` or `TYPESCRIPT`.
        module: the module.
        version: the semver of its release.
        naming: the names of all packages.
        address: the address of the registry in messages.
    """

    language: str
    module: str
    version: str
    naming: Naming = Naming()
    address: str = ""
