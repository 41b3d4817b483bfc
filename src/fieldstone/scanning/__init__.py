"""Scans of a consumer's code for its uses: a folder for each language."""
