"""From a schema to what is generated from it."""

from __future__ import annotations

from website.pictures.canvas import Picture


def draw() -> Picture:
    """A schema, the two commands that take it, and what each gives to whom."""
    picture = Picture(
        "From a schema to code",
        "An annotated schema goes into fieldstone generate, which writes mappers, repositories and migrations for its "
        "owner, and its release into fieldstone package, which builds packages for other teams.",
        414,
    )
    picture.card(90, 6, 220, ["schemas/shop/v1/shop.proto", "messages, services, annotations"], "blue", code=True)
    picture.line((200, 54), (200, 74))
    picture.arrow((200, 74), (98, 74), (98, 108))
    picture.arrow((200, 74), (302, 74), (302, 108))
    picture.card(6, 108, 184, ["fieldstone generate", "for the owner"], code=True)
    picture.card(210, 108, 184, ["fieldstone package", "for other teams"], code=True)
    picture.arrow((98, 156), (98, 190))
    picture.arrow((302, 156), (302, 190))
    _list(
        picture,
        6,
        "shop-storage",
        ("records and mappers", "repositories: SQLite,", "PostgreSQL, memory", "outbox", "migrations, additive only"),
    )
    _list(
        picture,
        210,
        "shop-contracts",
        ("Python: wheel", "TypeScript: npm", "Java: Maven", "Go: module", "types, stubs, read clients"),
    )
    picture.text(200, 352, "Same input, same bytes: fieldstone generate --check", "soft middle")
    picture.text(200, 370, "finds whatever is out of date.", "soft middle")
    picture.text(200, 396, "A package has the version of its release.", "soft middle")
    return picture


def _list(picture: Picture, x: float, name: str, lines: tuple[str, ...]) -> None:
    picture.box(x, 190, 184, 138, "green")
    picture.text(x + 92, 212, name, "code bold middle")
    for number, line in enumerate(lines):
        picture.text(x + 92, 236 + 20 * number, line, "soft middle")
