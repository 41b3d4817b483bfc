"""The names that `buf breaking` uses for the subject of a change."""
