"""The exception tree.

::

    KataError                 one sentence for the user; the command exits with `exit_code`
    ├── UsageError            the user named something that is not there (exit 2)
    ├── WeightsError          a weights file is not what it should be (exit 2)
    └── UnjudgedError         trouble of ours: no verdict, no score (exit 3)
    SubjectError              the code under test is at fault: the test FAILED
    ├── SubjectMissing        the chapter is not there or is not a readable file
    ├── SubjectBroken         the chapter does not load: syntax error, exit at import, …
    ├── SubjectDied           the worker ended during a call
    │   ├── SubjectStopped    the worker used more than the limits allow
    │   └── SubjectKilled     somebody killed it who is not of the grader: the test runs once more
    ├── SubjectTimeout        a call or a test ran out of time
    ├── SubjectSpent          the chapter's time is used up: the test was not run
    ├── SubjectRefused        what came back is not a value that may cross
    └── SubjectRaised         the code raised what no test may catch (SystemExit, …)

`SubjectError` is no `ValueError` and no `RuntimeError`, so that no `pytest.raises` of a suite
takes a dead worker for a well-raised exception.
"""


class KataError(Exception):
    """A message for the user, and the exit code of the command."""

    exit_code = 2


class UsageError(KataError):
    """The user named something that is not there."""


class WeightsError(KataError):
    """A weights file is not what it should be."""


class UnjudgedError(KataError):
    """Trouble of ours: no verdict and no score."""

    exit_code = 3


class SubjectError(Exception):
    """The code under test is at fault."""


class SubjectMissing(SubjectError):
    """The chapter is not there, or is not a readable file."""


class SubjectBroken(SubjectError):
    """The chapter does not load."""


class SubjectDied(SubjectError):
    """The worker ended during a call."""


class SubjectKilled(SubjectDied):
    """The worker was killed, and not by the grader: by itself, or for want of memory."""


class SubjectStopped(SubjectDied):
    """The worker used more than the limits allow, and was stopped."""


class SubjectTimeout(SubjectError):
    """A call or a test ran out of time."""


class SubjectSpent(SubjectError):
    """The chapter's time is used up: the test was not run."""


class SubjectRefused(SubjectError):
    """What came back is not a value that may cross the seam."""


class SubjectRaised(SubjectError):
    """The code raised an exception that is not an error, such as SystemExit."""
