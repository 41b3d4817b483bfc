"""The Protocol of async repositories."""

from __future__ import annotations

from fieldstone.codegen.storage.asynchronous.rendered import RenderedModule
from fieldstone.codegen.storage.asynchronous.signatures import make_async


def protocol_methods(module: RenderedModule) -> str:
    """The methods of the async Protocol, from the module of the other."""
    for method in module.methods():
        make_async(module, method)
    return "\n\n".join(f"    {module.text_of(method)}" for method in module.methods())
