"""Databases for asyncio: what generated async repositories share."""
