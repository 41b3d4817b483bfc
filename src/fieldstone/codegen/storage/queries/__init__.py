"""Annotated queries -> what templates are told of them."""
