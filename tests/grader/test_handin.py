"""What a learner handed in, in every shape: the right module is found, or one sentence says why."""

import io
import os
import tarfile
import time
import zipfile

import pytest

from grader import handin
from grader.errors import UsageError
from grader.handin import HandIn, find, read
from grader.names import file_name, plain, shown

NAMES = ["ch01_demo", "ch02_more"]
TEXT = b"x = 1\n"


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "submissions"
    made.mkdir()
    return made


def put(folder, *names, content=TEXT):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def chapter(path, name="ch01_demo"):
    return read(HandIn("x", path), NAMES)[name]


def zipped(path, members, **options):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content, **options)
    return path


def tarred(path, members):
    with tarfile.open(path, "w:gz") as archive:
        for member, content in members:
            info = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(member)
            info.size = len(content) if info.isreg() else 0
            archive.addfile(info, io.BytesIO(content))
    return path


def typed(name, kind, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def test_folders_and_archives_are_submissions_and_other_files_are_not(folder):
    put(folder, "alice/ch01_demo.py", "bob.zip", "carol.tar.gz", "dan.TGZ", "eve.rar", "list.csv")
    put(folder, ".hidden/ch01_demo.py")
    found, ignored = find(folder)
    assert [one.name for one in found] == ["alice", "bob", "carol", "dan", "eve"]
    assert ignored == ["list.csv"]


def test_two_submissions_of_one_name_keep_both(folder):
    put(folder, "alice/ch01_demo.py", "alice.zip", "alice.tar.gz")
    assert [one.name for one in find(folder)[0]] == ["alice", "alice.tar.gz", "alice.zip"]


@pytest.mark.parametrize("make", [lambda p: None, lambda p: p.mkdir(), lambda p: p.write_text("")])
def test_nothing_to_grade_is_bad_usage(tmp_path, make):
    make(tmp_path / "submissions")
    with pytest.raises(UsageError):
        find(tmp_path / "submissions")


@pytest.mark.parametrize(
    "place",
    [
        "ch01_demo.py",
        "ch01_demo/ch01_demo.py",  # nbgrader's submitted/<student>/<assignment>/
        "repository-main/exercises/ch01_demo.py",
    ],
)
def test_a_chapter_is_found_where_learners_put_it(folder, place):
    put(folder, f"a/{place}")
    zipped(folder / "z.zip", [(place, TEXT)])
    zipped(folder / "w.zip", [(place.replace("/", "\\"), TEXT)])
    tarred(folder / "t.tar.gz", [(f"./{place}", TEXT)])
    for name in ("a", "z.zip", "w.zip", "t.tar.gz"):
        assert chapter(folder / name).data == TEXT, name
        missing = chapter(folder / name, "ch02_more")
        assert (missing.data, missing.handed_in) == (None, False)
        assert missing.why == "ch02_more.py was not handed in"


def test_the_outermost_counts_then_the_one_in_its_own_folder(folder):
    put(folder, "a/ch01_demo.py", content=b"outer")
    put(folder, "a/old/ch01_demo.py", content=b"old")
    assert chapter(folder / "a").data == b"outer"
    put(folder, "b/ch01_demo/ch01_demo.py", content=b"own")
    put(folder, "b/ch02_more/ch01_demo.py", content=b"other")
    assert chapter(folder / "b").data == b"own"
    (folder / "c").mkdir()
    (folder / "c" / "ch01_demo.py").symlink_to("/etc/passwd")
    put(folder, "c/sub/ch01_demo.py")
    assert chapter(folder / "c").data == TEXT, "a link hides no file"


def test_two_that_differ_are_refused_and_two_alike_are_one(folder):
    put(folder, "a/one/ch01_demo.py", content=b"1")
    put(folder, "a/two/ch01_demo.py", content=b"2")
    assert "more than once (one/ch01_demo.py, two/ch01_demo.py)" in chapter(folder / "a").why
    put(folder, "b/one/ch01_demo.py", "b/two/ch01_demo.py")
    assert chapter(folder / "b").data == TEXT


def test_hidden_folders_and_deep_ones_are_not_searched(folder):
    put(folder, "a/.git/ch01_demo.py", "a/__MACOSX/ch01_demo.py", "a/1/2/3/4/ch01_demo.py")
    assert not chapter(folder / "a").handed_in
    members = [(".git/ch01_demo.py", TEXT), ("__MACOSX/ch01_demo.py", TEXT)]
    assert not chapter(zipped(folder / "z.zip", members)).handed_in


def test_links_are_never_followed(folder, tmp_path):
    secret = put(tmp_path, "secret/ch01_demo.py") / "secret"
    (folder / "a").mkdir()
    (folder / "a" / "ch01_demo.py").symlink_to(secret / "ch01_demo.py")
    assert "is a link, not a file" in chapter(folder / "a").why
    (folder / "b").mkdir()
    (folder / "b" / "sub").symlink_to(secret)
    assert not chapter(folder / "b").handed_in
    (folder / "c").symlink_to(secret)
    assert "neither a folder nor an archive" in chapter(folder / "c").why
    os.mkfifo(folder / "d.zip")
    assert "neither a folder nor an archive" in chapter(folder / "d.zip").why


@pytest.mark.parametrize("name", ["../ch01_demo.py", "/tmp/ch01_demo.py", "a/../../ch01_demo.py"])
def test_paths_out_of_an_archive_are_refused_and_the_rest_is_read(folder, name):
    for path in (
        zipped(folder / "z.zip", [(name, b"evil"), ("ch02_more.py", TEXT)]),
        tarred(folder / "t.tar.gz", [(name, b"evil"), ("ch02_more.py", TEXT)]),
    ):
        assert chapter(path).data is None
        assert "lies outside of the archive" in chapter(path).why
        assert chapter(path, "ch02_more").data == TEXT


def test_links_and_devices_in_archives_are_refused(folder):
    kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE)
    for kind in (*kinds, tarfile.GNUTYPE_SPARSE):
        member = typed("ch01_demo.py", kind, "/etc/passwd")
        path = tarred(folder / "t.tar.gz", [(member, b"")])
        assert "is not a file" in chapter(path).why
    link = zipfile.ZipInfo("ch01_demo.py")
    link.external_attr = 0o120777 << 16
    path = zipped(folder / "z.zip", [(link, "/etc/passwd")])
    assert "is not a file" in chapter(path).why


def test_bombs_are_refused_by_declared_and_by_real_size(folder):
    huge = b"#" * (2 << 20)
    for path in (
        zipped(folder / "z.zip", [("ch01_demo.py", huge)]),
        tarred(folder / "t.tar.gz", [("ch01_demo.py", huge)]),
    ):
        assert "is larger than" in chapter(path).why
    # A declared size that lies.
    data = bytearray((folder / "z.zip").read_bytes())
    small, real = (10).to_bytes(4, "little"), len(huge).to_bytes(4, "little")
    while (at := data.find(real)) >= 0:
        data[at : at + 4] = small
    (folder / "liar.zip").write_bytes(data)
    assert chapter(folder / "liar.zip").data is None
    assert "is damaged" in chapter(folder / "liar.zip").why


def test_a_tar_that_unpacks_without_end_is_refused(folder, monkeypatch):
    monkeypatch.setattr(handin, "MAX_UNPACKED", 4 << 20)
    path = tarred(folder / "t.tar.gz", [("zeros", bytes(8 << 20)), ("ch01_demo.py", TEXT)])
    assert "unpacks to more than" in chapter(path).why


def test_too_many_files_and_too_large_an_archive_are_refused(folder, monkeypatch):
    monkeypatch.setattr(handin, "MAX_ENTRIES", 50)
    members = [(f"{i}.txt", b"") for i in range(60)]
    put(folder, *(f"a/{i}.txt" for i in range(60)))
    zipped(folder / "z.zip", members)
    tarred(folder / "t.tar.gz", members)
    for name in ("a", "z.zip", "t.tar.gz"):
        assert "more than 50 files" in chapter(folder / name).why
    monkeypatch.setattr(handin, "MAX_ARCHIVE", 100)
    assert "larger than 100 bytes" in chapter(folder / "z.zip").why


@pytest.mark.parametrize("suffix", [".zip", ".tar.gz", ".tgz", ".tar"])
@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04" + b"\0" * 40, b"\x1f\x8b"])
def test_a_broken_archive_says_so(folder, suffix, content):
    put(folder, f"x{suffix}", content=content)
    made = chapter(folder / f"x{suffix}")
    assert made.data is None
    assert made.why.startswith(f"x{suffix} is damaged") or "was not handed in" in made.why


def test_a_truncated_archive_says_so(folder):
    path = zipped(folder / "z.zip", [("ch01_demo.py", os.urandom(5000))])
    put(folder, "cut.zip", content=path.read_bytes()[:2000])
    assert "cut.zip is damaged" in chapter(folder / "cut.zip").why
    path = tarred(folder / "t.tar.gz", [("ch01_demo.py", os.urandom(5000))])
    put(folder, "cut.tar.gz", content=path.read_bytes()[:2000])
    assert "cut.tar.gz is damaged" in chapter(folder / "cut.tar.gz").why


def test_an_unknown_kind_of_archive_says_what_to_do(folder):
    put(folder, "x.rar")
    assert chapter(folder / "x.rar").why == "x.rar cannot be read; hand in a .zip or a .tar.gz"


def test_an_encrypted_member_says_so(folder):
    path = zipped(folder / "z.zip", [("ch01_demo.py", TEXT)])
    data = bytearray(path.read_bytes())
    data[data.find(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert "is encrypted" in chapter(path).why


def test_a_hostile_header_costs_no_time(folder):
    """A tar of nothing but nested extension headers, and one that declares 8 GiB of them."""
    raw = io.BytesIO()
    for _ in range(3000):
        raw.write(typed("x", tarfile.XHDTYPE).tobuf(tarfile.PAX_FORMAT)[:512])
    put(folder, "nested.tar", content=raw.getvalue())
    big = typed("x", tarfile.GNUTYPE_LONGNAME)
    big.size = 8 << 30
    put(folder, "big.tar", content=big.tobuf(tarfile.GNU_FORMAT) + b"\0" * 4096)
    begun = time.process_time()
    assert chapter(folder / "nested.tar").data is None
    assert chapter(folder / "big.tar").data is None
    assert time.process_time() - begun < 5


def test_digests_tell_apart_what_the_judge_can_and_nothing_else(folder):
    put(folder, "a/ch01_demo.py", "b/sub/ch01_demo.py")
    put(folder, "c/ch01_demo.py", content=b"y")
    (folder / "d").mkdir()
    digests = [chapter(folder / name).digest for name in "abcd"]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


HOSTILE = ["a\nb", "\x1b[2J", "\u202egnp.exe", "a\udcffb", "::error::x", "=1+1", "<script>", "../x"]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_shown_on_one_line_and_become_plain_files(name):
    text = shown(name)
    assert len(text.splitlines()) == 1
    assert text.isprintable()
    assert text.encode()
    made = file_name(name, set())
    assert made.replace("-", "").replace("_", "").isalnum()


def test_file_names_are_distinct_whatever_the_case():
    taken = set()
    names = ["Alice", "alice", "ALICE", "alice ", "alice?", "con", "nul.txt", "x" * 300, ""]
    made = [file_name(name, taken) for name in names]
    assert made[0] == "Alice"
    assert len({name.casefold() for name in made}) == len(names)
    assert all(len(name) < 70 for name in made)


def test_words_of_learners_are_bounded_and_without_controls():
    assert plain("a\x1b[2J\u202e\nb\0", 100) == "a[2J\nb"
    assert len(plain("x" * 500, 100)) <= 100
