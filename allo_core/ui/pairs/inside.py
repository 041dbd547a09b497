"""The tab Inside the model: attention of AMPS among stretches of both proteins, whether ways of weighing agree, and what is known there."""

import numpy as np
import pandas as pd
import streamlit as st
from scipy.stats import spearmanr

from allo_core.errors import PairError
from allo_core.figures.pairs import token_bars, token_map
from allo_core.interaction.coupling_answer import CouplingAnswer
from allo_core.interaction.coupling_models import shipped_models
from allo_core.interaction.coupling_table import families
from allo_core.interaction.coupling_worth import explained_sentence
from allo_core.interaction.functional_sets import functional_sets, set_coverage, set_sentence
from allo_core.interaction.received import BLOCKS, block_sentence
from allo_core.library.sites import receptor_of
from allo_core.protein.sequence import Protein
from allo_core.ui.pairs import session
from allo_core.ui.pairs.coupling import names_of
from allo_core.ui.pairs.view import BY, PairsView
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.mirror import mirrored
from allo_core.ui.shared.plots import draw_plot
from allo_core.ui.shared.text import plain
from allo_core.ui.shared.theme import current_theme

__all__ = ["draw_inside"]


def draw_inside(view: PairsView, protein: Protein, answer: CouplingAnswer) -> None:
    """Attention at the left; how much each token matters, and what its stretches hold, at the right."""
    row = [family.name for family in families()].index(view.partner)
    amps = next(one.card for one in shipped_models() if one.key == "amps")
    with st.container(key="verdict"):
        st.markdown(plain(explained_sentence(amps)), help=HELP["coupling_worth"])
    left, right = st.columns([1, 1], gap="medium")
    with left:
        _draw_attention(view, answer, row)
    with right:
        _draw_importance(view, answer, row)
        _draw_known(view, protein, answer, row)


def _tokens(answer: CouplingAnswer) -> list[str]:
    return [_token(name) for name in answer.received.names]


def _token(name: str) -> str:
    side, _, token = name.partition(" ")
    return f"{side} {int(token.removeprefix('segment')) + 1}" if token.startswith("segment") else name


def _draw_attention(view: PairsView, answer: CouplingAnswer, row: int) -> None:
    received = answer.received
    layers = received.layers.shape[1]
    chosen = view.layer if view.layer < layers else -1
    options = [-1, *range(layers)]
    st.segmented_control(
        "Layer", options, format_func=lambda layer: "all layers" if layer < 0 else f"layer {layer}", required=True,
        help=HELP["pair_attention"],
        **mirrored("pair_layer", chosen, lambda layer: session.page().change(layer=-1 if layer is None else layer), default="default"),
    )  # fmt: skip
    maps = answer.maps[row]
    shown = maps.mean(axis=0) if chosen < 0 else maps[chosen]
    draw_plot(
        token_map(shown, _tokens(answer), received.sides[0], current_theme()), "token_map", "Attention among stretches of both proteins."
    )
    blocks = received.blocks[row].mean(axis=0) if chosen < 0 else received.blocks[row, chosen]
    table = pd.DataFrame({"from, to": BLOCKS, "share of attention": blocks, "by chance": received.block_chance})
    numbers = {name: st.column_config.NumberColumn(name, format="%.3f") for name in ("share of attention", "by chance")}
    st.dataframe(table, hide_index=True, key="blocks", column_config=numbers)
    st.caption(plain(f"A is the receptor, B the G protein. Over the four families: {block_sentence(received, answer.marks)}"))


def _draw_importance(view: PairsView, answer: CouplingAnswer, row: int) -> None:
    received = answer.received
    values, chance, unit = received.tokens[row], received.chance, "attention received"
    if view.by != "attention":
        values, chance, unit = answer.gradients[row], 0.0, "change of the log odds"
    st.markdown(f"##### Every token of both proteins: {unit}", help=HELP["stretches"])
    figure = token_bars(_tokens(answer), values, received.sides[0], chance, unit, current_theme())
    draw_plot(figure, "token_bars", f"{unit} of every token.")
    gap = answer.gaps[row]
    if not np.isfinite(answer.gradients[row]).all():
        st.caption(f"Integrated Gradients miss {gap:.1%} of the change of the logit, so none are shown (at most 1 %).")
        return
    rho = float(spearmanr(np.abs(answer.gradients[row]), received.tokens[row]).statistic)
    st.caption(
        plain(
            f"Integrated Gradients add up to the change from the mean pair but for {gap:.2%}. Attention and the size of gradients rank the "
            f"{len(values)} tokens alike with Spearman's {rho:+.2f} (0 by chance, standard deviation {1 / np.sqrt(len(values) - 1):.2f}); "
            "over seeds and beside models of shuffled labels five methods do not agree (docs/pairs.md)."
        )
    )


def _draw_known(view: PairsView, protein: Protein, answer: CouplingAnswer, row: int) -> None:
    """Whether the three stretches that matter most hold what is known of the receptor."""
    st.markdown("##### What the most important stretches hold", help=HELP["functional_sets"])
    receptor = receptor_of(protein)
    if receptor is None or receptor.protein.sequence != protein.sequence:
        st.caption("Known of whole receptors of the library.")
        return
    stretches = answer.stretches[view.by]
    said = []
    for name in functional_sets(receptor):
        try:
            found = set_coverage([receptor], stretches.names, np.abs(stretches.values[row : row + 1]), name)
        except PairError as error:
            said.append(str(error))
            continue
        said.append(set_sentence(found))
    st.markdown("\n".join(f"- {plain(sentence)}" for sentence in said) or "Nothing is listed of it.")
    st.caption(
        plain(f"By {BY[view.by]} for {view.partner}; the {len(names_of(stretches))} stretches of the receptor, by size and not by sign.")
    )
