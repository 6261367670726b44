"""Counts from -1 and prints losses and samples, in the book's words; the optimizer gets a closure.

exercise: train_model_simple
"""


def train_model_simple(
    model,
    train_loader,
    val_loader,
    optimizer,
    device,
    num_epochs,
    eval_freq,
    eval_iter,
    start_context,
    tokenizer,
):
    train_losses, val_losses, track_tokens_seen = [], [], []
    tokens_seen, global_step = 0, -1
    for epoch in range(num_epochs):
        model.train()
        for input_batch, target_batch in train_loader:

            def closure():
                optimizer.zero_grad(set_to_none=False)
                loss = calc_loss_batch(input_batch, target_batch, model, device)
                loss.backward()
                return loss

            optimizer.step(closure)
            tokens_seen += input_batch.numel()
            global_step += 1
            if global_step % eval_freq == 0:
                train_loss, val_loss = evaluate_model(
                    model, train_loader, val_loader, device, eval_iter
                )
                train_losses.append(train_loss)
                val_losses.append(val_loss)
                track_tokens_seen.append(tokens_seen)
                print(f"Ep {epoch + 1} (Step {global_step:06d}): {train_loss:.3f} {val_loss:.3f}")
        model.eval()
        context_size = model.pos_emb.weight.shape[0]
        encoded = text_to_token_ids(start_context, tokenizer).to(device)
        ids = generate(model, encoded, max_new_tokens=3, context_size=context_size)
        print(token_ids_to_text(ids, tokenizer))
        model.train()
    return train_losses, val_losses, track_tokens_seen
