"""Write the app's library from the collected source tables.

    python -m allo_core.library.build SOURCE_FOLDER [--without-asd]

SOURCE_FOLDER holds gpcr_receptors.csv, gpcr_residue_numbers.csv.gz, gpcr_allosteric_sites.csv, gpcr_allosteric_structures.csv,
gpcr_alphafold_models.npz, structures/ and, in interactions/, gpcr_gprotein_families_gtopdb.tsv and pan_proteins.tsv.gz.

Sources: sequences from UniProt (CC BY 4.0); segments, generic numbers and ortholog alignments from GPCRdb as compiled by
CompGenomeLab/GPCRevolution; sites as `build_sites` says; structures from the wwPDB (CC0), models from the AlphaFold Protein Structure
Database (CC BY 4.0); G protein families as `build_couplings` says.  What is written to allo_core/data/: receptors.json.gz, sites.json,
sites_asd.json, modulators.json, structures/*.cif.gz, structures.json, contacts.npz, gprotein_contacts.json, alphafold/*.bcif.gz and
gprotein_families.json.
"""

import argparse
import gzip
import io
import json
from collections import Counter, defaultdict
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd
from biotite.structure.io.pdbx import CIFFile, set_structure

from allo_core.library.build_alphafold import write_models
from allo_core.library.build_contacts import write_contacts
from allo_core.library.build_couplings import write_couplings
from allo_core.library.build_gprotein import write_gprotein_contacts
from allo_core.library.build_sites import write_modulators, write_sites
from allo_core.structure.mapping import map_structure
from allo_core.structure.read import read_structure
from allo_core.structure.scene import compact

HERE = Path(__file__).resolve().parents[1] / "data"

# The file lies in SOURCE_FOLDER/structures.  Fusions and partners are those that the headers of the entries name (DBREF: 8FYN P0ABE7
# cytochrome b562, 4LDO and 3SN6 P00720 lysozyme; COMPND: 3SN6 A and B subunits of Gs, 4LDO B a camelid antibody fragment), species too
# (DBREF, struct_ref: bovine in 1U19); states are those of the publications: with an agonist and Gs or a G protein mimic, or without.
STRUCTURES = (
    {
        "entry": "8FYN",
        "receptor": "AA2AR",
        "file": "8FYN.pdb.gz",
        "description": "inactive, with ZM241385, Na⁺ and cholesterols; BRIL fusion left out",
        "state": "inactive",
        "species": "human",
        "fusion": "BRIL",
        "partners": {},
    },
    {
        "entry": "4LDO",
        "receptor": "ADRB2",
        "file": "4LDO.pdb.gz",
        "description": "active, with adrenaline and a nanobody; T4 lysozyme left out",
        "state": "active",
        "species": "human",
        "fusion": "T4 lysozyme",
        "partners": {"B": "nanobody"},
    },
    {
        "entry": "3SN6",
        "receptor": "ADRB2",
        "file": "3SN6.pdb.gz",
        "description": "active, with BI-167107 and Gs; T4 lysozyme left out",
        "state": "active",
        "species": "human",
        "fusion": "T4 lysozyme",
        "partners": {"A": "Gs", "B": "Gs"},
    },
    {
        "entry": "1U19",
        "receptor": "OPSD",
        "file": "1U19.cif.gz",
        "description": "bovine rhodopsin, inactive, with retinal",
        "state": "inactive",
        "species": "bovine",
        "fusion": "",
        "partners": {},
    },
)
# What the crystal needed and the receptor does not: lipidic-cubic-phase lipids, a detergent and its fragment, heavy atoms.
ADDITIVES = ("OLA", "OLB", "OLC", "1WV", "HTG", "HTO", "HG", "ZN")
CRYSTAL_COPIES = {"1U19": ("B",)}  # a second rhodopsin that only the crystal puts there


def packed(values) -> list:
    """Run-length form of a list: [[value, count], ...]."""
    return [[value, sum(1 for _ in run)] for value, run in groupby(values)]


def gzip_bytes(text: str) -> bytes:
    """Compressed text, the same bytes every time (no time stamp)."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as file:
        file.write(text.encode())
    return buffer.getvalue()


def receptor_rows(source: Path) -> list[dict]:
    receptors = pd.read_csv(source / "gpcr_receptors.csv", keep_default_na=False)
    numbers = dict(tuple(pd.read_csv(source / "gpcr_residue_numbers.csv.gz", keep_default_na=False).groupby("receptor")))
    rows = []
    for row in receptors.itertuples():
        entry = {"entry": row.receptor, "accession": row.uniprot, "name": row.name, "class": row[4], "sequence": row.sequence}
        if row.receptor in numbers:
            table = numbers[row.receptor].sort_values("position")
            if "".join(table.residue) != row.sequence or list(table.position) != list(range(1, len(row.sequence) + 1)):
                raise SystemExit(f"{row.receptor}: the residue numbers do not follow the sequence")
            entry["segment"] = packed(table.segment)
            entry["gpcrdb"] = " ".join(number or "-" for number in table.generic_number)
            conservation = pd.to_numeric(table.conservation_percent, errors="coerce")
            entry["ortholog_percent"] = [None if pd.isna(value) else round(float(value)) for value in conservation]
        rows.append(entry)
    return rows


def family_conservation(rows: list[dict]) -> dict[str, dict[str, float]]:
    """class -> generic number -> share of the commonest residue among the receptors of the class that have the number."""
    counts: dict[str, dict[str, Counter]] = defaultdict(lambda: defaultdict(Counter))
    for row in rows:
        for number, residue in zip(row.get("gpcrdb", "").split(), row["sequence"], strict=False):
            if number != "-":
                counts[row["class"]][number][residue] += 1
    return {
        name: {number: round(max(counter.values()) / counter.total(), 4) for number, counter in sorted(table.items())}
        for name, table in sorted(counts.items())
    }


def write_structures(source: Path, proteins: dict, target: Path) -> list[dict]:
    target.mkdir(exist_ok=True)
    rows = []
    for known in STRUCTURES:
        entry, protein = known["entry"], proteins[known["receptor"]]
        structure = read_structure(source / "structures" / known["file"])
        mapping = map_structure(structure, protein)
        atoms = compact(structure, mapping)
        atoms = atoms[~np.isin(atoms.res_name, ADDITIVES) & ~np.isin(atoms.chain_id, CRYSTAL_COPIES.get(entry, ()))]
        if set(atoms.chain_id) - {mapping.chain} != set(known["partners"]):
            raise SystemExit(f"{entry}: chains {sorted(set(atoms.chain_id))} remain, partners are known for {sorted(known['partners'])}")
        atoms.del_annotation("b_factor")  # nobody asks for it, and it is the largest column
        file = CIFFile()
        set_structure(file, atoms, data_block=entry)
        text = io.StringIO()
        file.write(text)
        (target / f"{entry}.cif.gz").write_bytes(gzip_bytes(text.getvalue()))
        rows.append(
            {
                "entry": entry,
                "receptor": known["receptor"],
                "description": known["description"],
                "title": structure.title,
                "chain": mapping.chain,
                **{name: known[name] for name in ("state", "species", "fusion", "partners")},
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("--without-asd", action="store_true", help="leave out the lists that go back to the AlloSteric Database")
    options = parser.parse_args()
    source = options.source
    rows = receptor_rows(source)
    library = {"receptors": rows, "family_conservation": family_conservation(rows)}
    (HERE / "receptors.json.gz").write_bytes(gzip_bytes(json.dumps(library, separators=(",", ":"))))
    sites = source / "gpcr_allosteric_sites.csv"
    write_sites(sites, {row["entry"]: row["sequence"] for row in rows}, HERE, not options.without_asd)
    write_modulators(source / "gpcr_allosteric_structures.csv", sites, HERE)

    from allo_core.library.receptors import find_receptor  # reads what was just written

    proteins = {known["receptor"]: find_receptor(known["receptor"]).protein for known in STRUCTURES}
    structures = write_structures(source, proteins, HERE / "structures")
    (HERE / "structures.json").write_text(json.dumps(structures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write_models(source / "gpcr_alphafold_models.npz", rows, HERE / "alphafold")
    write_contacts(source / "gpcr_structures_ca_cb.npz", rows, HERE)
    pairs = source / "interactions"
    write_couplings(pairs / "gpcr_gprotein_families_gtopdb.tsv", pairs / "pan_proteins.tsv.gz", rows, HERE)
    write_gprotein_contacts(source / "structures", HERE)


if __name__ == "__main__":
    main()
