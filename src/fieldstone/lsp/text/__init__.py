"""The text of a schema while it is typed: its tokens, declarations, places and edits."""
