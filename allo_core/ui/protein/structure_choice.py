"""The part of the rail where a structure is chosen, uploaded or fetched."""

import streamlit as st

from allo_core.library.predicted import predicted_structure
from allo_core.library.sites import receptor_of
from allo_core.ui.protein import incoming, session
from allo_core.ui.protein.view import ProteinView, folds_of, offered_structures, protein_of
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.mirror import mirrored
from allo_core.ui.shared.refs import StructureRef
from allo_core.ui.shared.structures import LoadedStructure
from allo_core.ui.shared.text import plain

__all__ = ["draw_structure_choice", "fetch_alphafold", "structure_options", "upload_structure"]

_UPLOAD_MB = 200
_FORMATS = ["pdb", "ent", "cif", "mmcif", "bcif", "gz"]


def draw_structure_choice(view: ProteinView, loaded: LoadedStructure | None) -> None:
    """Shipped, fetched and uploaded structures of the protein, and their chains; ways to get another."""
    options = structure_options(view.protein) | {"": "none"}
    offered = view.structure if view.structure in options else ""
    st.selectbox(
        "Structure",
        list(options),
        format_func=options.__getitem__,
        help=HELP["structure"],
        **mirrored("structure", offered, lambda structure: session.page().change(structure=structure, chain="", pair=None), list(options)),
    )
    if " · " in options[offered]:  # the box shows its beginning alone
        st.caption(plain(options[offered].partition(" · ")[2]))
    if loaded is not None and len(loaded.mapping.copies) > 1:
        _chain(loaded)
    busy = "structure" in session.page().fetching or bool(session.page().noted("structure"))
    with st.expander("Fetch or upload a structure", expanded=busy):
        with st.form("fetch_structure", border=False):
            st.text_input("PDB entry or AlphaFold model", key="identifier", placeholder="6DDF or AF-P29274-F1", help=HELP["identifier"])
            st.form_submit_button(
                "Fetch", on_click=lambda: incoming.ask_structure(st.session_state.identifier, "structure"), width="stretch"
            )
        fetch_alphafold("alphafold", "structure")
        incoming.draw_complaint("structure")  # between the buttons and the upload, so that it is in view from both
        upload_structure("upload", "structure")


def structure_options(protein_key: str) -> dict[str, str]:
    """The structures that can be shown of a protein, key -> label, in the order of trust.

    Experiments that ship and the AlphaFold model, what was fetched and given here, then folds, where no experiment ships.
    """
    options = offered_structures(protein_key)
    options |= {name: f"{name} · fetched" for name in incoming.fetched_structures() if name not in options}
    options |= {key: f"{name} · yours" for key, name in session.remembered("structure").items()}
    return options | folds_of(protein_key)


def _chain(loaded: LoadedStructure) -> None:
    """Which of several copies of the receptor is shown."""
    copies = list(loaded.mapping.copies)
    st.segmented_control(
        "Copy of the receptor",
        copies,
        format_func=lambda chain: f"chain {chain or '(blank)'}",
        required=True,
        help=HELP["chain"],
        **mirrored("chain", loaded.mapping.chain, lambda chain: chain and session.page().change(chain=chain, pair=None), default="default"),
    )


def fetch_alphafold(key: str, place: str) -> None:
    """The button that fetches the AlphaFold model of a library receptor, where none ships; ``place`` is where errors are said."""
    receptor = receptor_of(protein_of(session.page().view))
    if receptor is None or predicted_structure(receptor.entry) is not None:
        return
    label, model = f"AlphaFold model of {receptor.accession}", StructureRef.model_of(receptor.accession)
    st.button(label, key=key, width="stretch", on_click=incoming.ask_structure, args=(model.id, place))


def upload_structure(key: str, place: str) -> None:
    """The upload of a structure file; ``place`` is where errors are said."""
    fresh = f"{key}-{session.page().uploaders}"

    def take() -> None:
        file = st.session_state[fresh]
        if file is not None:
            incoming.use_structure(file.getvalue(), file.name, place)

    with st.container(key=key):
        st.file_uploader("PDB, mmCIF or BinaryCIF, also .gz", type=_FORMATS, key=fresh, on_change=take, max_upload_size=_UPLOAD_MB)
