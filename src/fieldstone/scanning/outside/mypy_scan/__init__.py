"""Lists the uses of generated messages in Python code: a package that the consumer's own Python runs.

It imports nothing of Fieldstone. It needs mypy, protobuf and the installed client packages. mypy reads the code with
the consumer's own configuration, and this package walks over the typed syntax trees. What no type tells (Any, `getattr`
with a variable, reflection) is listed as not seen, and never taken for unused.
"""
