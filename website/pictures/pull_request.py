"""The way of a pull request."""

from __future__ import annotations

from website.pictures.canvas import Picture


def draw() -> Picture:
    """From the edit to the release, or to the refusal and the three ways out."""
    picture = Picture(
        "The way of a pull request",
        "A pull request edits schemas. fieldstone check judges it against all releases, by the settings and waivers of "
        "the target branch. An additive change is merged and released as a minor version. A breaking one is refused "
        "with the proof: undo it, add a new field or version, or have it waived.",
        486,
    )
    picture.card(110, 6, 180, ["Pull request", "edits schemas/"], "blue")
    picture.card(2, 92, 172, ["Target branch", "settings and waivers"])
    picture.card(226, 92, 172, ["Registry", "every release"])
    picture.arrow((200, 54), (200, 178))
    picture.line((88, 140), (88, 160), (200, 160))
    picture.line((312, 140), (312, 160), (200, 160))
    picture.card(70, 178, 260, ["fieldstone check", "rules, proofs, and buf breaking beside"], "blue", code=True)
    picture.line((200, 226), (200, 244))
    picture.arrow((200, 244), (96, 244), (96, 280))
    picture.arrow((200, 244), (304, 244), (304, 280))
    picture.text(100, 268, "additive", "soft")
    picture.text(308, 268, "breaking", "soft")
    picture.card(6, 280, 180, ["Merge", "exit code 0"], "green")
    picture.card(214, 280, 180, ["Refused", "exit code 1, with a witness"], "red")
    picture.arrow((96, 328), (96, 364))
    picture.card(
        6, 364, 180, ["fieldstone release", "the smallest version", "that may carry it: 1.5.0"], "green", code=True
    )
    picture.arrow((304, 328), (304, 364))
    picture.box(214, 364, 180, 116, "amber")
    for number, words in enumerate(
        ("Three ways on", "undo it", "add a field, or a v2 beside", "a waiver: reason, owner,", "last day; then 2.0.0")
    ):
        picture.text(304, 386 + 20 * number, words, "bold middle" if number == 0 else "soft middle")
    return picture
