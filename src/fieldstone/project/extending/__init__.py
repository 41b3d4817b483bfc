"""`extends`: settings that several repositories share, pinned by digest and read from a cache."""
