import pytest
import torch

from allo_core.errors import WeightsError
from allo_core.models.language_model import build_module
from allo_core.models.registry import DEFAULT_MODEL, MODELS, PUBLISH_WITH, get_spec


def test_order_and_default():
    assert list(MODELS) == [
        "alloscope_gpcr_8m",
        "antiberty",
        *(
            "esm2_t6_8M_UR50D",
            "esm2_t12_35M_UR50D",
            "esm2_t30_150M_UR50D",
            "esm2_t33_650M_UR50D",
            "esm2_t36_3B_UR50D",
            "esm2_t48_15B_UR50D",
        ),
        *("esmc_300m", "esmc_600m"),
    ]
    assert DEFAULT_MODEL == "alloscope_gpcr_8m"
    assert "Publish with ESM-2 650M" in MODELS[DEFAULT_MODEL].note
    assert MODELS[PUBLISH_WITH].label == "ESM-2 650M"
    assert "Antibody model" in MODELS["antiberty"].note


@pytest.mark.parametrize("spec", MODELS.values(), ids=MODELS)
def test_shapes_give_the_stated_number_of_parameters(spec):
    with torch.device("meta"):
        module = build_module(spec)
    # Stated numbers are rounded (8M stands for 7.5 million).
    assert sum(parameter.numel() for parameter in module.parameters()) == pytest.approx(spec.parameters, rel=0.02)
    assert spec.width % spec.heads == 0


@pytest.mark.parametrize("spec", MODELS.values(), ids=MODELS)
def test_sources(spec):
    for source in spec.sources:
        assert source.licence
        assert source.size >= 2 * spec.parameters * 0.9
        assert source.address is None or (source.address.startswith("https://") and source.address.endswith(source.file_name))
    assert (spec.download is None) == (spec.id in {"alloscope_gpcr_8m", "antiberty"}) == (spec.sources[0].package is not None)


def test_unknown_model():
    with pytest.raises(WeightsError, match=r"'esm3'.*antiberty, .*esmc_600m\.$"):
        get_spec("esm3")
