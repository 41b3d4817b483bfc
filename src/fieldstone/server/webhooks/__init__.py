"""The delivery of webhooks: from the audit to their receivers, with growing pauses after failures."""
