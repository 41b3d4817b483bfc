"""The documentation site: its generated pages, its pictures and its build (`python -m website`)."""
