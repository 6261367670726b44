"""Makes lists of lines and joins them.

exercise: format_input, format_input_phi3
"""


def format_input(entry):
    lines = ["Below is an instruction that describes a task. Write a response that"]
    lines[0] += " appropriately completes the request."
    blocks = [("Instruction", entry["instruction"]), ("Input", entry["input"])]
    for heading, text in blocks:
        if len(text) != 0:
            lines.extend(["", f"### {heading}:", text])
    return "\n".join(lines)


def format_input_phi3(entry):
    return "\n".join(filter(len, ("<|user|>", entry["instruction"], entry["input"])))
