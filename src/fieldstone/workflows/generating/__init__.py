"""Which modules `fieldstone generate` writes code for, in which version, and into which folder."""
