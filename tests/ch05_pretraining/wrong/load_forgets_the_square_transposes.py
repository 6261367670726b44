"""Transposes only where the shapes would not fit otherwise; the square c_proj and the parts of
c_attn go in untransposed, and no shape check notices.

exercise: load_weights_into_gpt
rejected by: test_hidden.py::test_loaded_weights_give_the_logits_of_gpt2
"""

import torch


def load_weights_into_gpt(gpt, params):
    if len(gpt.trf_blocks) != len(params["blocks"]):
        raise ValueError(
            f"the model has {len(gpt.trf_blocks)} blocks, params has {len(params['blocks'])}"
        )

    def fill(name, left, right):
        try:
            assign(left, right)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None

    def linear(name, layer, p):
        fill(name, layer.weight, torch.as_tensor(p["w"]).T)
        fill(name, layer.bias, p["b"])

    def norm(name, layer, p):
        fill(name, layer.scale, p["g"])
        fill(name, layer.shift, p["b"])

    fill("wte", gpt.tok_emb.weight, params["wte"])
    fill("wpe", gpt.pos_emb.weight, params["wpe"])
    for block, p in zip(gpt.trf_blocks, params["blocks"]):
        att = block.att
        if att.W_query.bias is None:
            raise ValueError("the model has no bias for queries, keys and values")
        C = att.W_query.weight.shape[0]
        w, b = torch.as_tensor(p["attn"]["c_attn"]["w"]), torch.as_tensor(p["attn"]["c_attn"]["b"])
        if w.shape != (C, 3 * C):
            raise ValueError(f"c_attn: {(C, 3 * C)} is needed, {tuple(w.shape)} came")
        q_w, k_w, v_w = w.chunk(3, dim=-1)
        q_b, k_b, v_b = b.chunk(3, dim=-1)
        linear("c_attn", att.W_query, {"w": q_w.T, "b": q_b})
        linear("c_attn", att.W_key, {"w": k_w.T, "b": k_b})
        linear("c_attn", att.W_value, {"w": v_w.T, "b": v_b})
        fill("c_proj", att.out_proj.weight, p["attn"]["c_proj"]["w"])
        fill("c_proj", att.out_proj.bias, p["attn"]["c_proj"]["b"])
        linear("c_fc", block.ff.layers[0], p["mlp"]["c_fc"])
        linear("c_proj", block.ff.layers[2], p["mlp"]["c_proj"])
        norm("ln_1", block.norm1, p["ln_1"])
        norm("ln_2", block.norm2, p["ln_2"])
    norm("ln_f", gpt.final_norm, params)
    fill("wte", gpt.out_head.weight, params["wte"])
