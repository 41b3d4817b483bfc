"""The chain of releases in a registry."""

from __future__ import annotations

from website.pictures.canvas import Picture

_RELEASES = (
    ("1.0.0", "3f9c…", "none: the first"),
    ("1.1.0", "a71e…", "1.0.0  3f9c…"),
    ("1.2.0", "05bd…", "1.1.0  a71e…"),
)


def draw() -> Picture:
    """Three releases, each with the digest of the one before, and what an edit does to them."""
    picture = Picture(
        "The chain of a registry",
        "Three releases. Each names its own digest and the digest of the release before it. Whoever edits 1.1.0 "
        "changes its digest, so that 1.2.0 no longer fits, and fieldstone registry verify refuses the registry.",
        386,
    )
    for number, (version, digest, previous) in enumerate(_RELEASES):
        y = 6 + 122 * number
        edited = number == 1
        picture.box(6, y, 206, 88, "red" if edited else "blue")
        picture.text(20, y + 24, version, "code bold")
        picture.text(20, y + 48, "digest", "soft")
        picture.text(92, y + 48, digest, "code")
        picture.text(20, y + 72, "previous", "soft")
        picture.text(92, y + 72, previous, "code" if number else "soft")
        if number:
            picture.arrow((109, y), (109, y - 34))
    picture.text(226, 146, "A file of 1.1.0 is", "soft")
    picture.text(226, 163, "edited: new digest.", "soft")
    picture.text(226, 268, "1.2.0 names the old", "soft")
    picture.text(226, 285, "one: refused.", "soft")
    picture.card(6, 346, 388, ["fieldstone registry verify: refused"], "red", code=True)
    return picture
