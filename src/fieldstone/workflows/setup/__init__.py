"""The parts of `fieldstone init`."""
