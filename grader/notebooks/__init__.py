"""Chapters as notebooks, for nbgrader and for whoever hands one in.

::

    cells.py      a chapter's module -> pieces: given code and exercises, as cells hold them
    taking.py     the code cells of a notebook -> the chapter's module
    reading.py    a file that claims to be a notebook -> its cells, or why there are none
    making.py     a course for nbgrader: source notebooks and nbgrader_config.py
    kernel.py     what a notebook calls: `check` and `earlier`
    pipeline.py   what nbgrader calls: released stubs, judged submissions, scores

`grader/exports/gradebook.py` writes nbgrader's gradebook.db. The extra `nbgrader` is needed where
notebooks are read or made; `check` works without.
"""

from .kernel import check, earlier

__all__ = ["check", "earlier"]
