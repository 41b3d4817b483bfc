"""The check of a pull request by the rules of the branch that it wants to enter.

`reference` finds that branch, `base` reads it, `policy`, `modules` and `releases` compare it with the
working tree, and `check` puts it together.
"""
