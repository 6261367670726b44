"""Generates in the mode in which it finds the model: in training mode, dropout disturbs it.

exercise: generate_responses
rejected by: test_hidden.py::test_decoding_is_greedy_and_without_dropout
"""

import torch


def generate_responses(
    entries, model, tokenizer, max_new_tokens=256, context_size=1024, eos_id=50256, device="cpu"
):
    answered = []
    for entry in entries:
        prompt = format_input(entry)
        idx, new = text_to_token_ids(prompt, tokenizer).to(device), []
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            while len(new) < max_new_tokens:
                new.append(int(model(idx[:, -context_size:])[0, -1].argmax()))
                if new[-1] == eos_id:
                    new.pop()
                    break
                idx = torch.cat((idx, torch.tensor([[new[-1]]])), dim=1)
        response = extract_response(prompt + tokenizer.decode(new), prompt)
        answered.append({**entry, "model_response": response})
    return answered
