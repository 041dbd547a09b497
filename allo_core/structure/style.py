"""How a scene is drawn, in the viewer and on the pages that are taken away: sizes and opacities, and which chain is what.

Radii are in Å.  The names of the fields are those that the viewer reads.
"""

from dataclasses import dataclass

__all__ = ["LIGAND_CHAIN", "RECEPTOR_CHAIN", "STYLE", "Style"]

RECEPTOR_CHAIN = "R"
LIGAND_CHAIN = "Z"  # a letter that authors rarely use, so that partners can keep theirs


@dataclass(frozen=True)
class Style:
    """Parameters of the drawing.

    Parameters
    ----------
    receptor, ligand : str
        Chains of the scene.
    cartoon : float
        Thickness of the receptor's cartoon.
    uncertain : float
        Radius of the bonds of the backbone where a prediction is not sure.
    partner_opacity : dict of str to float
        Of partners' cartoons, by theme: what shines through darkens on a dark page.
    ligand_stick, lipid_stick : float
        Radius of the bonds; lipids are thin so that they do not hide the ligands.
    ion_scale : float
        Radius of an ion over its van der Waals radius.
    marked_stick, marked_sphere : float
        Radius of the bonds and of the CA atom of a marked residue.
    pair_radius : tuple of float
        Of the cylinders of the weakest and the strongest pair.
    """

    receptor: str
    ligand: str
    cartoon: float
    uncertain: float
    partner_opacity: dict[str, float]
    ligand_stick: float
    lipid_stick: float
    ion_scale: float
    marked_stick: float
    marked_sphere: float
    pair_radius: tuple[float, float]


STYLE = Style(
    receptor=RECEPTOR_CHAIN,
    ligand=LIGAND_CHAIN,
    cartoon=0.5,
    uncertain=0.25,
    partner_opacity={"light": 0.75, "dark": 1.0},
    ligand_stick=0.32,
    lipid_stick=0.12,
    ion_scale=0.6,
    marked_stick=0.22,
    marked_sphere=1.5,
    pair_radius=(0.12, 0.45),
)
