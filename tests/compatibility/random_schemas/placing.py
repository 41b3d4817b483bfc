"""Many trees in one image: each in a folder and in packages of its own."""

from __future__ import annotations

from tests.compatibility.random_schemas.rendering import Renderer
from tests.compatibility.random_schemas.tree import Tree, holders_of

DESCRIPTOR_EXTENSIONS = 100
"""How many numbers of descriptor.proto's options a pair has to itself."""


def placed(tree: Tree, name: str, index: int) -> dict[str, str]:
    """The sources below a folder and a package of their own; the tree is changed."""
    for file in tree:
        file.path = f"{name}/{file.path}"
        file.package = f"{name}.{file.package}".rstrip(".")
    for holder in holders_of(tree):
        for extension in holder.extensions:
            if isinstance(extension.extendee, str):
                extension.field.number += index * DESCRIPTOR_EXTENSIONS
    return Renderer(tree).sources()
