"""A built folder is there whole or not at all."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.model import place
from grader.model.place import check_place, draft, remove_leftovers


def anything(folder: Path) -> None:
    """Let everything be replaced."""


def nothing(folder: Path) -> None:
    raise UsageError(f"{folder} holds something")


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def make(at: Path, text: str, check: Callable[[Path], None] = anything) -> None:
    with draft(at, check) as made:
        (made.folder / "file").write_text(text)
        made.keep()


def interrupted(at: Path) -> None:
    with draft(at, anything) as made:
        (made.folder / "file").write_text("half")
        raise KeyboardInterrupt


@pytest.fixture(params=["swap in one step", "two renames"])
def _both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "two renames":
        monkeypatch.setattr(place, "_exchange", lambda one, other: False)


@pytest.mark.usefixtures("_both_ways")
def test_a_folder_appears_and_is_replaced(tmp_path: Path) -> None:
    """A new place, an empty folder and a former build end as the new folder, with no rest."""
    out = tmp_path / "deep" / "model"
    make(out, "one")
    assert (out / "file").read_text() == "one"
    make(out, "two")
    assert (out / "file").read_text() == "two"
    (tmp_path / "empty").mkdir()
    make(tmp_path / "empty", "three")
    assert (tmp_path / "empty" / "file").read_text() == "three"
    assert names(tmp_path) == ["deep", "empty"]
    assert names(out.parent) == ["model"]


@pytest.mark.usefixtures("_both_ways")
def test_what_fails_leaves_what_was_there(tmp_path: Path) -> None:
    """An exception on the way, or a draft that nobody keeps, changes nothing."""
    with pytest.raises(KeyboardInterrupt):
        interrupted(tmp_path / "new" / "parents" / "model")
    assert names(tmp_path) == []
    out = tmp_path / "model"
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            interrupted(out)
        assert names(tmp_path) == (["model"] if out.exists() else [])
        make(out, "one")
        assert (out / "file").read_text() == "one"


def test_the_draft_lies_beside_its_place(tmp_path: Path) -> None:
    """A draft is on the file system of its place, and its place is untouched until the end."""
    out = tmp_path / "model"
    with draft(out, anything) as made:
        assert made.folder.parent == out.parent
        assert not out.exists()


def test_leftovers_of_dead_writers_go_and_living_ones_stay(tmp_path: Path) -> None:
    """A draft whose lock nobody holds is removed; another build's, or another place's, is not."""
    out = tmp_path / "mo[d]el"
    dead = tmp_path / ".mo[d]el.draft-00000000"
    dead.mkdir()
    (dead / "file").write_text("half")
    dead.with_name(dead.name + ".lock").touch()
    other = tmp_path / ".other.draft-00000000.lock"
    other.touch()
    with draft(out, anything) as living:
        assert not dead.exists()
        remove_leftovers(out)
        assert living.folder.is_dir()
        assert living.lock_path.exists()
        living.keep()
    assert names(tmp_path) == [other.name, "mo[d]el"]


def test_a_build_killed_between_two_renames_is_put_back(tmp_path: Path) -> None:
    """Where folders cannot be swapped, the former build survives a kill at the worst moment."""
    draft_folder = tmp_path / ".model.draft-00000000"
    draft_folder.mkdir()
    old = tmp_path / ".model.draft-00000000.old"
    old.mkdir()
    (old / "file").write_text("former")
    (tmp_path / ".model.draft-00000000.lock").touch()
    remove_leftovers(tmp_path / "model")
    assert names(tmp_path) == ["model"]
    assert (tmp_path / "model" / "file").read_text() == "former"


def test_places_that_may_not_be_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file, the folder one is in, the root, and what the check refuses stay as they are."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="is a file"):
        check_place(tmp_path / "file", anything)
    with pytest.raises(UsageError, match="root of the file system"):
        check_place(Path(tmp_path.anchor), anything)
    with pytest.raises(UsageError, match="holds something"):
        make(tmp_path, "new", nothing)
    with pytest.raises(UsageError, match="cannot be written to"):
        make(tmp_path / "file" / "model", "new")
    (tmp_path / "here" / "below").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here" / "below")
    with pytest.raises(UsageError, match="is the folder you are in"):
        make(Path(".."), "new")
    assert names(tmp_path) == ["file", "here"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """A place that is a link to a folder elsewhere is made there."""
    (tmp_path / "disk").mkdir()
    os.symlink(tmp_path / "disk" / "model", tmp_path / "model")
    make(tmp_path / "model", "one")
    assert (tmp_path / "model").is_symlink()
    assert (tmp_path / "disk" / "model" / "file").read_text() == "one"
