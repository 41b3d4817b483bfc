"""The relay: brings the events of an outbox to where others read them."""
