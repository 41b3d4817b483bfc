"""An index of package files: for Python by PEP 503, 658, 691, 700 and 714, for npm by its registry API."""
