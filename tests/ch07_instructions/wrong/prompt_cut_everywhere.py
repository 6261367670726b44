"""Takes the prompt out wherever it stands, also out of the response.

exercise: extract_response
rejected by: test_hidden.py::test_a_response_may_repeat_the_prompt
"""


def extract_response(full_text, prompt):
    return full_text.replace(prompt, "").strip().removeprefix("### Response:").strip()
