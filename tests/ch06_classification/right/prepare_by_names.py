"""Goes by the names of the parameters, and returns nothing.

exercise: prepare_for_classification
"""


def prepare_for_classification(model, num_classes):
    width = model.tok_emb.embedding_dim
    model.out_head = torch.nn.Linear(in_features=width, out_features=num_classes)
    last = max(int(name.split(".")[1]) for name, _ in model.named_parameters() if "trf" in name)
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name.split(".")[0] in ("final_norm", "out_head") or (
            name.startswith(f"trf_blocks.{last}.")
        )
