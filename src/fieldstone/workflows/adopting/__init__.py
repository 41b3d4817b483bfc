"""The parts of `fieldstone adopt`: which tags are versions, and a module at a tag."""
