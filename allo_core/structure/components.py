"""Names of residues and molecules in structure files, and what they are.

Unless said otherwise they are component identifiers of the wwPDB's Chemical Component Dictionary (Westbrook et al. 2015).
"""

__all__ = ["CAPS", "FORCE_FIELD_NAMES", "LIPIDS", "WATERS"]

# Names that molecular dynamics programs use for protonation and bonding states (AMBER, CHARMM, GROMACS force fields).
FORCE_FIELD_NAMES = {
    **dict.fromkeys(("HSD", "HSE", "HSP", "HID", "HIE", "HIP"), "H"),
    **dict.fromkeys(("CYX", "CYM", "CYS2"), "C"),
    "ASH": "D",
    "ASPP": "D",
    "GLH": "E",
    "GLUP": "E",
    "LYN": "K",
    "LSN": "K",
    "ARN": "R",
}
# HOH and DOD, and the names that simulation programs give to water.
WATERS = ("HOH", "DOD", "WAT", "SOL", "H2O", "TIP", "TIP3", "TIP4", "TP3", "SPC")
CAPS = ("ACE", "FOR", "NH2", "NME", "NMA")  # groups that end a chain without being amino acids

# Lipids of the membrane, fatty acids and what is added to solve or crystallize a membrane protein: detergents, heptanetriol, PEG.
LIPIDS = frozenset(
    (
        "CLR",
        "CHS",
        "Y01",
        "OLA",
        "OLB",
        "OLC",
        "PLM",
        "PEF",
        "PCW",
        "POV",
        "LPE",
        "BOG",
        "BNG",
        "LMT",
        "LMN",
        "STE",
        "SOG",
        "HTG",
        "HTO",
        "PEG",
        "1WV",
    )
)
