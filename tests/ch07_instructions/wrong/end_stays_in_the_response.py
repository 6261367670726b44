"""Leaves the id that ends the response in it.

exercise: generate_responses
rejected by: test_visible.py::test_responses_by_hand
"""

import torch


def generate_responses(
    entries,
    model,
    tokenizer,
    max_new_tokens=256,
    context_size=1024,
    eos_id=50256,
    device="cpu",
):
    answered = []
    for entry in entries:
        prompt = format_input(entry)
        idx = text_to_token_ids(prompt, tokenizer).to(device)
        out = generate(model, idx, max_new_tokens, context_size, eos_id=eos_id)
        new = out[0, idx.shape[1] :].tolist()
        pass
        response = extract_response(prompt + tokenizer.decode(new), prompt)
        answered.append({**entry, "model_response": response})
    return answered
