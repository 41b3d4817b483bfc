"""Which files of a module a change can affect, so that a check compiles and compares no others."""
