"""Chapters as notebooks, for nbgrader and for whoever hands one in.

::

    cells.py      a chapter's module -> pieces: given code and exercises, as cells hold them
    taking.py     the code cells of a notebook -> the chapter's module
    reading.py    a file that claims to be a notebook -> its cells, or why there are none
    making.py     a course for nbgrader: source notebooks and nbgrader_config.py
    kernel.py     what a notebook calls: `check` and `earlier`
    pipeline.py   what nbgrader calls: released stubs, judged submissions, scores
    gradebook.py  nbgrader's gradebook.db, through its own models

Only `making`, `reading` (nbformat), `pipeline` and `gradebook` (nbgrader) need the extra `nbgrader`.
"""

from .kernel import check, earlier

__all__ = ["check", "earlier"]
