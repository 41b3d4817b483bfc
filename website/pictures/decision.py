"""What to do when a contract must be broken."""

from __future__ import annotations

from website.pictures.canvas import Picture

_QUESTIONS = (
    (("Was it ever", "released?"), "no", ("Change it.", "Only releases are", "promises."), "green"),
    (("Can the new form", "stand beside it?"), "yes", ("Add a field, and", "deprecate the old", "one."), "green"),
    (
        ("Does the message", "change as a whole?"),
        "yes",
        ("Add package v2 beside", "v1; announce v1's end", "with a sunset."),
        "green",
    ),
    (("Is the package", "still unstable?"), "yes", ("Name it v1beta1 and", "exempt unstable", "packages."), "amber"),
    (
        ("Do all readers", "agree to the break?"),
        "yes",
        ("fieldstone waive:", "reason, owner, last", "day. Then 2.0.0."),
        "amber",
    ),
)
"""Question, the answer that leads to the right, what to do then, its colour."""


def draw() -> Picture:
    """Questions from top to bottom, and the way on beside each."""
    told = " ".join(f"{' '.join(asked)} If {answer}: {' '.join(then)}" for asked, answer, then, _ in _QUESTIONS)
    picture = Picture("I must break something", f"{told} Otherwise do not break it.", 106 * len(_QUESTIONS) + 60)
    for number, (asked, answer, then, kind) in enumerate(_QUESTIONS):
        y = 6 + 106 * number
        picture.box(6, y + 6, 156, 54, "blue")
        for line, words in enumerate(asked):
            picture.text(84, y + 28 + 19 * line, words, "middle")
        picture.arrow((162, y + 33), (222, y + 33))
        picture.text(192, y + 26, answer, "soft middle")
        picture.box(222, y, 172, 68, kind)
        for line, words in enumerate(then):
            picture.text(308, y + 20 + 19 * line, words, "soft middle")
        picture.arrow((84, y + 60), (84, y + 112))
        picture.text(92, y + 90, "no" if answer == "yes" else "yes", "soft")
    picture.card(6, 6 + 106 * len(_QUESTIONS) + 6, 156, ["Do not break it."], "red")
    return picture
