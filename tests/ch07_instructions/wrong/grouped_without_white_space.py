"""Takes prompts that differ in white space for the same.

exercise: split_dataset
rejected by: test_hidden.py::test_a_prompt_is_instruction_and_input
"""


def split_dataset(entries, train_frac, test_frac):
    if min(train_frac, test_frac) < 0 or train_frac + test_frac > 1:
        raise ValueError(f"{train_frac} and {test_frac} are no parts of 1")
    groups = {}
    for entry in entries:
        groups.setdefault((entry["instruction"].strip(), entry["input"].strip()), []).append(entry)
    sizes = [int(len(entries) * train_frac), int(len(entries) * test_frac), len(entries) + 1]
    parts = ([], [], [])
    now = 0
    for group in groups.values():
        while len(parts[now]) >= sizes[now]:
            now += 1
        parts[now].extend(group)
    return parts
