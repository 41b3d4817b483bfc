"""From a record to the sinks, by the outbox."""

from __future__ import annotations

from website.pictures.canvas import Picture


def draw() -> Picture:
    """One transaction with two rows, the relay, and three sinks."""
    picture = Picture(
        "From the outbox to the sinks",
        "The application adds a record. The repository writes the row and its event in one transaction. The relay "
        "delivers events in order, again until the sink confirms; an idempotency key leaves each once in the sink. An "
        "event that always fails is set aside and reported.",
        452,
    )
    picture.card(110, 6, 180, ["repository.add_step()", "your application"], "blue", code=True)
    picture.arrow((200, 54), (200, 86))
    picture.box(6, 86, 388, 112, "frame")
    picture.text(18, 106, "one transaction", "soft")
    picture.card(20, 122, 166, ["telemetry_steps", "the record"], code=True)
    picture.card(214, 122, 166, ["telemetry_outbox", "its event and key"], code=True)
    picture.arrow((297, 170), (297, 232))
    picture.card(200, 232, 194, ["fieldstone relay", "in order, with retries"], "blue", code=True)
    picture.arrow((200, 256), (160, 256))
    picture.card(6, 232, 154, ["Set aside", "after N attempts"], "amber")
    picture.line((297, 280), (297, 306))
    picture.line((66, 306), (334, 306))
    for x, name, what in ((6, "Kafka", "a topic"), (140, "S3", "objects"), (274, "PostgreSQL", "or SQLite")):
        picture.arrow((x + 60, 306), (x + 60, 338))
        picture.card(x, 338, 120, [name, what], "green")
    picture.text(200, 414, "A sink that is down costs retries, no data;", "soft middle")
    picture.text(200, 432, "each event ends up in the sink once.", "soft middle")
    return picture
