"""The colours of AlloScope, in one place, so that heatmap, structure and profile mean the same by the same colour.

All scales are safe for the common colour-vision deficiencies: blue against orange (diverging), grey to blue (sequential), viridis
(segments); sets A and B are Okabe and Ito's orange and reddish purple (2008).
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np

__all__ = [
    "ABOVE_THRESHOLD",
    "ABSENT",
    "BESIDE_THE_RECEPTOR",
    "BETWEEN_CELLS",
    "BRIGHT",
    "BROWSING_SCALE",
    "CATEGORIES",
    "CHANCE_LINE",
    "CHANCE_SCALE",
    "ELEMENTS",
    "FAMILY_BAND",
    "FAMILY_LINE",
    "GREYS",
    "GROUND",
    "HELIX",
    "LETTERS",
    "LOOP",
    "MARK_RIM",
    "MEDIAN_LINE",
    "NAME_ON_HELIX",
    "NOT_PASSING",
    "PAGE",
    "PAIRS",
    "PARTNER",
    "PARTNER_ON_DARK",
    "PASSING",
    "PASSING_DOT",
    "PLAIN",
    "POINTED_OUT",
    "PROFILE",
    "PROFILE_FILL",
    "QUANTITY_SCALE",
    "RESIDUE_CLASSES",
    "SEGMENTS",
    "SELECTED_HEAD",
    "SET_COLOURS",
    "SIDE_NAMES",
    "SLIDE",
    "UNCERTAIN",
    "Theme",
    "attention_scale",
    "ceiling_of_all",
    "hex_colours",
    "plotly_scale",
    "residue_colour",
    "segment_colours",
    "signed_scale",
    "text_on",
    "value_ceiling",
]

Theme = Literal["light", "dark"]

SET_COLOURS = {"A": "#E69F00", "B": "#CC79A7"}
# Chains bound to the receptor: they step back from it on a white page and on a dark one.
PARTNER = "#B8A9C9"
PARTNER_ON_DARK = "#5E5470"
# Receptors and sequences in which a head passes by itself, and the others.
PASSING, NOT_PASSING = "#D94801", "#6B7280"
ABSENT = "#9CA3AF"  # residues without a value
PLAIN = "#BBBBBB"  # the receptor where the structure shows no values
UNCERTAIN = "#9AA1AB"  # residues of which a prediction is not sure
BESIDE_THE_RECEPTOR = "#DDD6E3"  # other chains and fusion proteins in scripts: paler than any value
POINTED_OUT = "#D55E00"  # the pair that is chosen, on the map and on the structure
# Cylinders of the other pairs, by theme.
PAIRS = {"light": "#30363D", "dark": "#E6EDF3"}
SIDE_NAMES = "#30363D"  # of helices and of the sides of the membrane, on white

# Seen on every colour of a scale: the strokes around the selected head (colour, width), the dot of a head that passes and its ring.
SELECTED_HEAD = (("#FFFFFF", 6), ("#000000", 3))
PASSING_DOT = ("#000000", "#FFFFFF")
LETTERS = ("#000000", "#FFFFFF")  # on bright fills and on dark ones
BRIGHT = 0.55  # of white
MARK_RIM = "#000000"  # around triangles and diamonds of marked residues
BETWEEN_CELLS = "#D5DAE1"  # of a batch's heatmap on a light page

# Along the sequence: helices with their names, and what lies between.
HELIX, NAME_ON_HELIX, LOOP = "#6B7280", "#FFFFFF", "#D1D5DB"
# Bars of a profile, their paler filling, and the part above the threshold.
PROFILE, PROFILE_FILL, ABOVE_THRESHOLD = "#4292C6", "rgba(66,146,198,0.35)", "#D94801"
# The mean over a family, and the quartiles around it.
FAMILY_LINE, FAMILY_BAND = "#2171B5", "rgba(66,146,198,0.30)"
MEDIAN_LINE, CHANCE_LINE = "#4292C6", "#9CA3AF"

# Text, fainter text and background of a slide, by theme.
SLIDE = {"light": ("#1F2328", "#57606A", "#FFFFFF"), "dark": ("#E6EDF3", "#9DA7B3", "#0E1117")}
# Text and thin lines of a page that is taken away; such a page is always light.
PAGE = {"ink": "#1f2328", "rule": "#d0d7de"}

# Cells of the heatmap that have no colour, by theme: no score defined, flagged, and the strokes of the hatching.
GREYS: dict[Theme, tuple[str, str, str]] = {"light": ("#A8AFBA", "#DFE2E7", "#8A919C"), "dark": ("#20262F", "#333B47", "#6B7585")}

# Below chance blue, above chance orange; chance itself is the ground of the page, so that what is least of interest is seen least.
CHANCE_SCALE: dict[Theme, tuple[str, ...]] = {
    "light": ("#08306B", "#2171B5", "#6BAED6", "#C6DBEF", "#FFFFFF", "#FDD0A2", "#FD8D3C", "#D94801", "#7F2704"),
    "dark": ("#C9E7FF", "#7FC4F5", "#3F8FD0", "#20486E", "#10151C", "#5F3A1A", "#C46A1C", "#FDA04A", "#FFE0B8"),
}
# Quantities that start at zero.
QUANTITY_SCALE: dict[Theme, tuple[str, ...]] = {theme: scale[len(scale) // 2 :] for theme, scale in CHANCE_SCALE.items()}
# Arcs of heads where nothing is asked yet: grey, since it is no result.
BROWSING_SCALE: dict[Theme, tuple[str, ...]] = {"light": ("#FFFFFF", "#C4CAD3", "#5F6B7A"), "dark": ("#10151C", "#47525F", "#B5BFCB")}
GROUND: dict[Theme, str] = {"light": "white", "dark": "black"}  # what a person calls the colour of chance

_ATTENTION: dict[Theme, tuple[str, ...]] = {
    "light": ("#E4E6EA", "#9ECAE1", "#3182BD", "#08306B"),
    "dark": ("#7C8797", "#5B9BD5", "#8FD3FF", "#F2FAFF"),
}

# TM1 to TM7 and H8: eight steps of viridis (van der Walt and Smith 2015), without its darkest end, which hides behind labels.
SEGMENTS: dict[str, str] = dict(
    zip(
        ("TM1", "TM2", "TM3", "TM4", "TM5", "TM6", "TM7", "H8"),
        ("#472D7B", "#3B528B", "#2C728E", "#21918C", "#28AE80", "#5EC962", "#ADDC30", "#FDE725"),
        strict=True,
    )
)

# Groups without an order, told apart also with a colour-vision deficiency (Okabe and Ito 2008); beyond these shapes differ, too.
CATEGORIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442")
# Residues by chemistry, in the order in which they stand in figures: letters and colour (Okabe and Ito 2008, without those of the sets).
RESIDUE_CLASSES: dict[str, tuple[str, str]] = {
    "positive": ("KRH", "#0072B2"),
    "negative": ("DE", "#D55E00"),
    "polar": ("NQST", "#009E73"),
    "special": ("CGP", "#999999"),
    "aliphatic": ("AVLIM", "#56B4E9"),
    "aromatic": ("FYW", "#8F6BB3"),
}

# Elements of ligands; carbon is green, so that a ligand does not look like a marked residue.
ELEMENTS = {
    "C": "#2E8B57",
    "N": "#3050F8",
    "O": "#E0241B",
    "S": "#C9A800",
    "P": "#FF8000",
    "Na": "#8F40D4",
    "NA": "#8F40D4",
    "H": "#DDDDDD",
}


_SIGNED: dict[Theme, tuple[str, ...]] = {
    "light": ("#08519C", "#6BAED6", "#E4E6EA", "#FD8D3C", "#A63603"),
    "dark": ("#C9E7FF", "#3F8FD0", "#5B6573", "#E08A3C", "#FFE0B8"),
}


def signed_scale(theme: Theme) -> tuple[str, ...]:
    """Colours from against (blue) over nothing (grey, so that a structure is seen on the page) to for (orange)."""
    return _SIGNED[theme]


def attention_scale(theme: Theme) -> tuple[str, ...]:
    """Colours from no attention to much, readable on a light or dark page."""
    return _ATTENTION[theme]


def value_ceiling(values: np.ndarray) -> tuple[float, str]:
    """The end of a head's colour scale and its name: the 98th percentile, the maximum where that is 0, or 1 where nothing is above 0."""
    ceiling = float(np.quantile(values, 0.98))
    if ceiling > 0:
        return ceiling, "98th percentile"
    highest = float(np.max(values))
    return (highest, "maximum") if highest > 0 else (1.0, "nothing above 0")


def ceiling_of_all(values: np.ndarray) -> tuple[float, str]:
    """The end of a colour scale that all heads share, from their values [..., L], and its name."""
    ceiling, name = value_ceiling(values)
    return ceiling, f"{name} of all heads"


def segment_colours(segments: Sequence[str]) -> list[str]:
    """One colour for each residue by its segment; loops and ends are ABSENT's grey."""
    return [SEGMENTS.get(name, ABSENT) for name in segments]


def residue_colour(letter: str) -> str:
    """The colour of a residue's chemistry; ABSENT for what is none of the twenty."""
    return next((colour for letters, colour in RESIDUE_CLASSES.values() if letter in letters), ABSENT)


def hex_colours(values: np.ndarray, ceiling: float, scale: Sequence[str], floor: float = 0.0) -> list[str]:
    """One colour for each value between ``floor`` and ``ceiling``; NaN becomes ABSENT."""
    stops = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in scale], dtype=float)
    place = np.clip((np.nan_to_num(values) - floor) / (ceiling - floor), 0, 1) * (len(stops) - 1)
    channels = np.stack([np.interp(place, range(len(stops)), stops[:, channel]) for channel in range(3)], axis=-1).round().astype(int)
    return [ABSENT if np.isnan(value) else "#{:02x}{:02x}{:02x}".format(*row) for value, row in zip(values, channels, strict=True)]


def text_on(colour: str) -> str:
    """The colour of letters that are read on this one: black, or white on what is darker than `BRIGHT`.

    Brightness is the relative luminance of sRGB (WCAG 2), with the exponent 2.2, and back.
    """
    red, green, blue = ((int(colour[at : at + 2], 16) / 255) ** 2.2 for at in (1, 3, 5))
    return LETTERS[0] if (0.2126 * red + 0.7152 * green + 0.0722 * blue) ** (1 / 2.2) > BRIGHT else LETTERS[1]


def plotly_scale(scale: Sequence[str]) -> list[list]:
    """A Plotly colour scale with equal steps."""
    return [[index / (len(scale) - 1), colour] for index, colour in enumerate(scale)]
