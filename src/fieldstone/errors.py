"""The one error that a user meets: the job could not be done, and why."""


class FieldstoneError(Exception):
    """A job that could not be done; the command line turns it into one line and exit code 2.

    Args:
        problem: what was looked for or attempted, where, and what came instead.
        fix: what the reader can do about it; left out when there is nothing to advise.
    """

    def __init__(self, problem: str, *, fix: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.fix = fix

    def __str__(self) -> str:
        """The problem and its fix on one line."""
        line = "; ".join(part for part in (self.problem, self.fix) if part)
        return " ".join(line.split())
