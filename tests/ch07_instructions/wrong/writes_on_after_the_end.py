"""Does not stop at eos_id: what the model says after it is part of the response.

exercise: generate_responses
rejected by: test_hidden.py::test_the_first_end_ends_the_response
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
        out = generate(model, idx, max_new_tokens, context_size)
        new = out[0, idx.shape[1] :].tolist()
        new = [i for i in new if i != eos_id]
        response = extract_response(prompt + tokenizer.decode(new), prompt)
        answered.append({**entry, "model_response": response})
    return answered
