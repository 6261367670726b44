"""Broadcasts the weights and averages the gradients itself.

exercise: train_distributed
"""


def train_distributed(
    rank,
    world_size,
    num_epochs,
    model,
    dataset,
    optimizer,
    batch_size,
    backend="gloo",
    init_method="env://",
):
    if batch_size % world_size != 0:
        raise ValueError(f"batch_size={batch_size} is not a multiple of world_size={world_size}")
    dist.init_process_group(backend, init_method=init_method, rank=rank, world_size=world_size)
    try:
        model.train()
        for p in model.parameters():
            dist.broadcast(p.data, src=0)
        sampler = DistributedSampler(
            dataset, num_replicas=world_size, rank=rank, seed=5, drop_last=True
        )
        loader = DataLoader(
            dataset, batch_size=batch_size // world_size, sampler=sampler, drop_last=True
        )
        losses = []
        for epoch in range(num_epochs):
            sampler.set_epoch(epoch)
            for features, labels in loader:
                optimizer.zero_grad()
                loss = F.cross_entropy(model(features), labels) / world_size
                loss.backward()
                for p in model.parameters():
                    dist.all_reduce(p.grad)
                optimizer.step()
                parts = [torch.zeros_like(loss.detach()) for _ in range(world_size)]
                dist.all_gather(parts, loss.detach())
                losses.append(float(sum(parts)))
    finally:
        dist.destroy_process_group()
    return losses
