"""An index of package files: for Python as PEP 503, 658, 691, 700 and 714 say, for npm as its clients ask."""
