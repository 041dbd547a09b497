"""Files as the published code writes them give the model that wrote them; others are refused by what is wrong with them."""

import pytest
import torch
from torch import nn

from allo_core.errors import PairError
from allo_core.interaction.published_weights import load_published

WIDTH = 16


class Encoder(nn.Module):
    """As published, but small: the encoder of torch and a classifier."""

    def __init__(self, layers: int = 2):
        super().__init__()
        layer = nn.TransformerEncoderLayer(WIDTH, 8, 24, dropout=0.3, norm_first=True, batch_first=True)
        self.transformer_encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.mlp_layers = nn.Sequential(nn.Linear(WIDTH, 8), nn.ReLU(), nn.Linear(8, 3), nn.ReLU(), nn.Linear(3, 1))

    def forward(self, x):
        return self.mlp_layers(self.transformer_encoder(x).mean(dim=1))


class Means(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.ln1 = nn.Linear(2 * WIDTH, 8), nn.LayerNorm(8)
        self.fc2, self.ln2 = nn.Linear(8, 6), nn.LayerNorm(6)
        self.fc3, self.ln3 = nn.Linear(6, 4), nn.LayerNorm(4)
        self.fc4 = nn.Linear(4, 1)

    def forward(self, x):
        for linear, norm in ((self.fc1, self.ln1), (self.fc2, self.ln2), (self.fc3, self.ln3)):
            x = torch.relu(norm(linear(x)))
        return self.fc4(x)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights.pth"


@pytest.mark.parametrize(("kind", "tokens"), [("amps", 20), ("amp_cse", 24)])
@pytest.mark.parametrize("parallel", [False, True])
def test_encoders(path, kind, tokens, parallel):
    module, x = Encoder().eval(), torch.randn(3, tokens, WIDTH)
    held = {f"module.{name}" if parallel else name: values for name, values in module.state_dict().items()}
    torch.save({"model_state_dict": held, "epoch": 34} if parallel else held, path)
    model = load_published(path, kind)
    assert (model.architecture.layers, model.architecture.feed_forward, model.architecture.hidden) == (2, 24, (8, 3))
    torch.testing.assert_close(model(x), module(x).squeeze(1), atol=1e-5, rtol=0)
    assert model.attention(x).shape == (2, 3, 8, tokens, tokens)


def test_means(path):
    module, x = Means(), torch.randn(3, 2, WIDTH)
    torch.save(module.state_dict(), path)
    model = load_published(path, "dpm")
    assert (model.architecture.width, model.architecture.hidden) == (WIDTH, (8, 6, 4))
    torch.testing.assert_close(model(x), module(x.flatten(1)).squeeze(1))


def test_the_wrong_kind_is_told(path):
    torch.save(Encoder().state_dict(), path)
    with pytest.raises(PairError, match="has 2 encoder layers, so it is not dpm; choose amps or amp_cse"):
        load_published(path, "dpm")
    torch.save(Means().state_dict(), path)
    with pytest.raises(PairError, match="has no encoder, so it is not amps; choose dpm"):
        load_published(path, "amps")
    with pytest.raises(PairError, match="No parameters of gru were published"):
        load_published(path, "gru")


def drop(state, name):
    del state[name]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda s: drop(s, "transformer_encoder.layers.1.linear2.bias"), r"encoder layer 1 lacks linear2\.bias"),
        (lambda s: s.update({"transformer_encoder.layers.0.norm1.scale": torch.ones(1)}), r"layer 0 has the unknown norm1\.scale"),
        (lambda s: s.update({"transformer_encoder.layers.7.norm1.bias": torch.ones(1)}), "encoder layers 0, 1, 7; 3 from 0"),
        (lambda s: s.update({"positions": torch.ones(20, WIDTH)}), "unknown parameter positions"),
        (lambda s: drop(s, "mlp_layers.2.bias"), r"mlp_layers\.2 has no bias"),
        (lambda s: (drop(s, "mlp_layers.2.bias"), drop(s, "mlp_layers.2.weight")), "3 layers as of amps were expected"),
        (lambda s: s.update({"mlp_layers.2.weight": torch.ones(3, 9)}), r"head\.2\.weight has the shape \(3, 9\), not \(3, 8\)"),
        (lambda s: s.update({"mlp_layers.0.weight": torch.ones(8, 17)}), "reads 17 numbers, which is no width of amps"),
    ],
)
def test_parameters_that_do_not_fit_are_named(path, change, told):
    state = Encoder().state_dict()
    change(state)
    torch.save(state, path)
    with pytest.raises(PairError, match=told):
        load_published(path, "amps")


class Code:
    def __reduce__(self):
        return (pytest.fail, ("code of the file was run",))


@pytest.mark.parametrize("content", [{"weights": Code()}, Code(), [1, 2], {}, {"epoch": 3}])
def test_code_and_other_things_are_refused(path, content):
    torch.save(content, path)
    with pytest.raises(PairError, match=r"holds code, which is never run|holds no parameters"):
        load_published(path, "amps")


def test_no_file_and_a_damaged_one(path):
    with pytest.raises(PairError, match="There is no file"):
        load_published(path, "amps")
    path.write_bytes(b"PK\x03\x04")
    with pytest.raises(PairError, match="damaged, or it holds code"):
        load_published(path, "amps")
