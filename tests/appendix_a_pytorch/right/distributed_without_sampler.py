"""Cuts each whole batch into shares itself, in stretches, and averages the losses in one tensor at the end.

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
    share, rest = divmod(batch_size, world_size)
    if rest:
        raise ValueError(f"world_size {world_size} does not divide batch_size {batch_size}")
    dist.init_process_group(
        backend=backend, init_method=init_method, world_size=world_size, rank=rank
    )
    try:
        ddp = DistributedDataParallel(model)
        ddp.train()
        losses = []
        for epoch in range(num_epochs):
            order = torch.randperm(
                len(dataset), generator=torch.Generator().manual_seed(90 + epoch)
            ).tolist()
            for start in range(0, len(order) - batch_size + 1, batch_size):
                mine = order[start + rank * share : start + (rank + 1) * share]
                features = torch.stack([dataset[i][0] for i in mine])
                labels = torch.stack([dataset[i][1] for i in mine])
                loss = F.cross_entropy(ddp(features), labels)
                ddp.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.detach())
        everything = torch.stack(losses)
        dist.all_reduce(everything, op=dist.ReduceOp.SUM)
        return (everything / world_size).tolist()
    finally:
        dist.destroy_process_group()
