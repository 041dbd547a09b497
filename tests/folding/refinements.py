"""A refinement that moves a fold without having learnt anything."""

import torch

from allo_core.folding.refinement import Refinement
from allo_core.folding.refinement_settings import RefinementSettings


def moving(settings: RefinementSettings, spread: float = 0.3) -> Refinement:
    """Random parameters, also where a new one has zeros."""
    torch.manual_seed(0)
    refinement = Refinement(settings)
    with torch.no_grad():
        for parameter in refinement.parameters():
            parameter.normal_(0, spread)
    return refinement
