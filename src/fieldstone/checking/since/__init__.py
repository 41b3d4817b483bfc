"""The check of a pull request by the policy of its target branch.

`reference` finds that branch, `base` reads it, `policy`, `modules` and `releases` compare it with the
working tree, and `check` puts it together.
"""
