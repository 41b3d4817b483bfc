"""All that a contracts package holds: DTO modules, upcasts, clients, and the files around them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from fieldstone.codegen.contracts.deprecated_calls import deprecated_calls
from fieldstone.codegen.contracts.deprecation import with_deprecations
from fieldstone.codegen.contracts.dto import dto_modules
from fieldstone.codegen.contracts.packages import NO_DOCUMENTS, Documents, PackageVersion, contracts_package
from fieldstone.codegen.contracts.read_clients import read_clients
from fieldstone.codegen.contracts.upcasts import upcasts_module
from fieldstone.codegen.names import DtoPackages
from fieldstone.schema.descriptors import load_schema


def contracts_files(
    release: PackageVersion,
    image: bytes,
    packages: DtoPackages,
    own_files: Collection[str],
    others: Mapping[str, PackageVersion],
    *,
    where: str,
    documents: Documents = NO_DOCUMENTS,
) -> dict[str, str]:
    """The files of a module's contracts package, Python unformatted.

    Args:
        release: what it is numbered as.
        image: the compiled module with all that it imports, in bytes.
        packages: the package that has the code of each file.
        own_files: the import paths of the module's own files.
        others: the releases that it may import from, by the name to import their contracts packages by.
        where: the image's origin, for error messages.
        documents: what goes with it for people.

    Returns:
        path within the folder of the distribution, to text.

    Raises:
        FieldstoneError: the bytes are no image, grpcio-tools is missing, or Python cannot hold a name.
    """
    told = with_deprecations(image, where=where)
    made = dto_modules(told, packages, own_files, where=where)
    schema = load_schema(told, where=where, own_files=own_files, with_imports=True)
    upcasts = "" if release.narrowing else upcasts_module(schema, packages.from_root)
    beside = read_clients(schema, own_files, packages) | ({"upcasts.py": upcasts} if upcasts else {})
    deprecated = deprecated_calls(schema, made.services)
    return contracts_package(release, made, beside, others, documents, deprecated=deprecated)
