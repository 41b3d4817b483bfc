"""The requests of the editor: actions, completion, hover, code lenses, and the page of a rule."""

from __future__ import annotations

from functools import partial
from pathlib import PurePath
from typing import Any

from lsprotocol import types as lsp

from fieldstone.errors import FieldstoneError
from fieldstone.lsp.connection import FieldstoneServer
from fieldstone.lsp.features.completion import completions
from fieldstone.lsp.features.hover import hover
from fieldstone.lsp.text.context import Context
from fieldstone.lsp.text.outline import outline
from fieldstone.lsp.text.places import Places
from fieldstone.lsp.ticket import Ticket
from fieldstone.workflows.explain import explain

CHECK = "fieldstone.check"
"""The command that reads everything anew and checks it."""


async def completed(ls: FieldstoneServer, params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
    """The numbers that fit where the cursor is."""

    def items() -> list[lsp.CompletionItem]:
        context = ls.context(params.text_document.uri)
        if context is None:
            return []
        places = _places(ls, context)
        return completions(context, places, places.index(params.position))

    return await ls.answer(items, [])


async def hovered(ls: FieldstoneServer, params: lsp.HoverParams) -> lsp.Hover | None:
    """The history of the declaration under the mouse."""

    def text() -> lsp.Hover | None:
        context = ls.context(params.text_document.uri)
        if context is None:
            return None
        places = _places(ls, context)
        return hover(context, places, places.index(params.position))

    return await ls.answer(text, None)


async def lenses(ls: FieldstoneServer, params: lsp.CodeLensParams) -> list[lsp.CodeLens]:
    """The verdict about the module, above `package`."""
    await ls.session.settled()

    def found() -> list[lsp.CodeLens]:
        context = ls.context(params.text_document.uri)
        if context is None:
            return []
        text = ls.session.summary_of(context.project.settings.root, context.module.name)
        places = _places(ls, context)
        parts = [part for part in outline(context.buffer.text).parts if part.kind == "package"]
        return [lsp.CodeLens(places.span(p.start, p.end), lsp.Command(text, CHECK)) for p in parts[:1] if text]

    return await ls.answer(found, [])


async def actions(ls: FieldstoneServer, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
    """The offers for the findings in some lines, if the last text compiles."""
    await ls.session.settled()

    def found(ticket: Ticket) -> list[lsp.CodeAction]:
        buffer = ls.client.buffer(params.text_document.uri)
        for judged in ls.session.judged.values():
            if buffer and (same := judged.buffers.get(str(buffer.path))) and same.text == buffer.text:
                return ls.answers.actions(judged, buffer, params.range, ticket)
        return []

    with ls.session.ticket() as ticket:
        return await ls.answer(partial(found, ticket), [])


async def explained(ls: FieldstoneServer, rule: Any = "", *_: Any) -> None:
    """Show the page of a rule."""
    try:
        text = explain(str(rule))
    except FieldstoneError as error:
        ls.client.tell(str(error))
        return
    page = ls.pages / f"{PurePath(str(rule)).name}.md"
    page.write_text(text, "utf-8")
    ls.client.show_text(page, text)


def _places(ls: FieldstoneServer, context: Context) -> Places:
    return Places(context.buffer.text, ls.client.codec)
