"""The server behind a small web shop."""
