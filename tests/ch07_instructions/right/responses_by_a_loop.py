"""Generates by itself, without `generate`, and keeps every module's mode.

exercise: generate_responses
"""

import contextlib

import torch


@contextlib.contextmanager
def _still(model):
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        for module, mode in modes.items():
            module.training = mode


def generate_responses(
    entries, model, tokenizer, max_new_tokens=256, context_size=1024, eos_id=50256, device="cpu"
):
    results = []
    with _still(model):
        for entry in entries:
            prompt = format_input(entry)
            ids = list(tokenizer.encode(prompt, allowed_special={"<|endoftext|>"}))
            new = []
            for _ in range(max_new_tokens):
                window = torch.tensor([(ids + new)[-context_size:]], device=device)
                following = model(window)[0, -1].topk(1).indices.item()
                if following == eos_id:
                    break
                new.append(following)
            result = dict(entry)
            result.update(model_response=extract_response(prompt + tokenizer.decode(new), prompt))
            results.append(result)
    return results
