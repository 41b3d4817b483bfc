"""`fieldstone registry verify-package`."""

from __future__ import annotations

from pathlib import Path

import click

from fieldstone.cli.opening import open_project
from fieldstone.cli.output import say
from fieldstone.cli.parsing import Command


@click.command("verify-package", cls=Command)
@click.argument("packages", metavar="PACKAGE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--allowed-signers",
    "signers",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The keys to trust, in the form of ssh-keygen(1), ALLOWED SIGNERS.",
)
@click.option("--rebuild", is_flag=True, help="Also build each from the registry of this project, and compare.")
def verify_packages(packages: tuple[Path, ...], signers: Path, *, rebuild: bool) -> int:
    """Verify client packages of signed releases, offline.

    PACKAGE is a wheel, an sdist, an npm package, a jar, or the folder of a Maven project or a Go module. It must carry
    a release that a key in FILE signed, the schema of that release, and its name and version. This says nothing of the
    generated code: --rebuild generates it again from the registry, and compares every byte.

    \b
    Examples:
      fieldstone registry verify-package telemetry_contracts-1.2.0-py3-none-any.whl --allowed-signers allowed_signers
      fieldstone registry verify-package dist/*.tgz --allowed-signers allowed_signers --rebuild
    """
    from fieldstone.workflows.verify_package import rebuild_problem, verify_package

    refused = 0
    project = open_project() if rebuild else None
    for file in packages:
        found = verify_package(file, signers)
        problem = found.problem or (rebuild_problem(project, file) if project else "")
        if problem:
            refused += 1
            say(f"error[registry-package-wrong]: {file}: {problem}")
        else:
            what = "schema and code are" if project else "its schema is"
            say(f"{file}: {what} of {found.module} {found.version}, signed by {found.signer}")
    if refused:
        say(f"{refused} of {len(packages)} packages refused. Do not install them.", err=True)
    if project is None and refused < len(packages):
        say("The code beside the schema was not verified: --rebuild does that, with the registry.", err=True)
    return 1 if refused else 0
