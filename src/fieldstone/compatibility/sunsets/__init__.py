"""Sunsets: their announcement in a schema, and the notice that they give."""
