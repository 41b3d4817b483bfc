"""From annotated schemas to code: annotations -> views (plain data) -> templates -> files.

`contracts` makes the DTO packages, `storage` the records, mappers and repositories, `clients` the packages of other
teams. A database is a module of `storage.dialects` and a language one of `clients`; each has a folder in `templates`.
"""
