"""The language server of `fieldstone lsp`: what an editor shows about a schema while it is typed."""
