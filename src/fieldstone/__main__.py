"""`python -m fieldstone` is the `fieldstone` command."""

from fieldstone.cli import main

main()
