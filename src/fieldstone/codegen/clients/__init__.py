"""Client packages in languages other than Python: from a release to the tree of a package, one language a file."""
