"""Starts with everything and deletes rows of the majority, one at a time.

exercise: create_balanced_dataset
"""


def create_balanced_dataset(rows, seed=123):
    draw, kept = random.Random(f"balance {seed}"), list(rows)
    labels = [row["label"] for row in kept]
    while labels.count("ham") != labels.count("spam"):
        more = max(("ham", "spam"), key=labels.count)
        place = draw.choice([i for i, label in enumerate(labels) if label == more])
        del labels[place], kept[place]
    return kept
