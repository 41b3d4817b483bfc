"""The files of a module that a change can affect: a check compiles and compares only these."""
