"""Paths of this server to go on to."""


def local(path: str) -> str:
    """A path of this server to go on to; another text gives the first page."""
    is_path = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isascii() and path.isprintable()
    return path if is_path else "/"
