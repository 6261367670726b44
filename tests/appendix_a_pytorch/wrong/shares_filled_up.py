"""Fills up the shares with examples that came before, which makes a step more.

exercise: train_distributed
rejected by: test_hidden.py::test_each_process_works_on_its_share
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
    if batch_size % world_size:
        raise ValueError(f"{batch_size} examples for {world_size} processes")
    dist.init_process_group(backend, init_method=init_method, rank=rank, world_size=world_size)
    try:
        copy = DistributedDataParallel(model).train()
        sampler = DistributedSampler(dataset, world_size, rank)
        loader = DataLoader(dataset, batch_size // world_size, sampler=sampler, drop_last=True)
        losses = []
        for epoch in range(num_epochs):
            sampler.set_epoch(epoch)
            for features, labels in loader:
                loss = F.cross_entropy(copy(features), labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total = loss.detach().clone()
                dist.all_reduce(total)
                losses.append(total.item() / world_size)
        return losses
    finally:
        dist.destroy_process_group()
