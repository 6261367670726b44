"""The last part of every gpt2.py: the tokenizer, sampling, and the command line.

`assemble` reads this file as if it were one more chapter. Nobody imports it from here.
"""

import argparse
import codecs
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import tiktoken
import torch
from torch import Tensor, nn

from .ch05_pretraining import load_gpt2

END_OF_TEXT = "<|endoftext|>"
SPLIT_PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def load_tokenizer(folder: Path) -> tiktoken.Encoding:
    """Build GPT-2's byte-level BPE from the folder's vocab.json, without a network.

    The file spells each byte of a token as one printable character; the id of a token is also the
    rank at which its bytes are merged.
    """
    vocab = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in printable]
    byte_of = {chr(byte): byte for byte in printable}
    byte_of.update((chr(256 + i), byte) for i, byte in enumerate(hidden))
    special = {END_OF_TEXT: vocab.pop(END_OF_TEXT)}
    ranks = {bytes(byte_of[c] for c in token): rank for token, rank in vocab.items()}
    return tiktoken.Encoding(
        "gpt2", pat_str=SPLIT_PATTERN, mergeable_ranks=ranks, special_tokens=special
    )


def sample(
    logits: Tensor, temperature: float, top_k: int | None, generator: torch.Generator
) -> int:
    """Draw one token id from logits, (V,): greedily at temperature 0, else among the top k."""
    if temperature == 0:
        temperature, top_k = 1.0, 1
    V = logits.shape[-1]
    best, ids = logits.topk(min(top_k or V, V))  # (k,), (k,)
    weights = torch.softmax((best - best[0]).double() / temperature, dim=-1)  # (k,)
    return int(ids[torch.multinomial(weights, 1, generator=generator)])


@torch.inference_mode()
def stream(
    model: nn.Module,
    ids: list[int],
    max_new_tokens: int,
    context_length: int,
    temperature: float,
    top_k: int | None,
    seed: int,
) -> Iterator[int]:
    """Yield one new token id after the other, each as soon as it is drawn."""
    generator = torch.Generator().manual_seed(seed)
    for _ in range(max_new_tokens):
        logits = model(torch.tensor([ids[-context_length:]]))  # (1, T, V)
        ids = [*ids, sample(logits[0, -1], temperature, top_k, generator)]
        yield ids[-1]


def generate_text(
    folder: Path,
    prompt: str,
    max_new_tokens: int,
    temperature: float,
    top_k: int | None,
    seed: int,
) -> Iterator[str]:
    """Yield the prompt, then its continuation in pieces, up to the end of a text."""
    tokenizer = load_tokenizer(folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    model = load_gpt2(folder)
    yield prompt
    # A text starts after the end of another; a character may be spread over several tokens.
    ids = tokenizer.encode_ordinary(prompt) or [tokenizer.eot_token]
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    context_length = config["n_positions"]
    for token in stream(model, ids, max_new_tokens, context_length, temperature, top_k, seed):
        if token == tokenizer.eot_token:
            break
        yield decoder.decode(tokenizer.decode_single_token_bytes(token))
    yield decoder.decode(b"", final=True)


def main() -> None:
    """Continue a prompt from the command line."""
    parser = argparse.ArgumentParser(description="Continue a text with GPT-2.")
    parser.add_argument("prompt", nargs="?", default="", help="the text to continue")
    parser.add_argument("--max-new-tokens", type=int, default=40, metavar="N")
    parser.add_argument("--temperature", type=float, default=0.8, help="0 takes the likeliest")
    parser.add_argument("--top-k", type=int, default=40, help="draw among the K likeliest; 0: all")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same text")
    parser.add_argument("--model", type=Path, default=Path(__file__).resolve().parent)
    args = parser.parse_args()
    if args.max_new_tokens < 0 or args.top_k < 0 or not 0 <= args.temperature < float("inf"):
        parser.error("--max-new-tokens, --temperature and --top-k must be 0 or more")
    options = (args.max_new_tokens, args.temperature, args.top_k or None, args.seed)
    for piece in (*generate_text(args.model, args.prompt, *options), "\n"):
        sys.stdout.buffer.write(piece.encode("utf-8", errors="replace"))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
