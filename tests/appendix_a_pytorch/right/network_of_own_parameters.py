"""Has its own parameters, under other names, and no layers.

exercise: NeuralNetwork
"""


class NeuralNetwork(nn.Module):
    def __init__(self, num_inputs, num_outputs):
        super().__init__()
        sizes = [num_inputs, 30, 20, num_outputs]
        pairs = list(zip(sizes, sizes[1:]))
        self.b = nn.ParameterList(torch.randn(n) for _, n in pairs)
        self.A = nn.ParameterList(torch.randn(n, m) for m, n in pairs)
        self.note = "an attribute of its own"

    def forward(self, x):
        for i, (A, b) in enumerate(zip(self.A, self.b)):
            x = torch.einsum("bi,oi->bo", x, A) + b
            if i < 2:
                x = torch.where(x > 0, x, torch.zeros_like(x))
        return x
