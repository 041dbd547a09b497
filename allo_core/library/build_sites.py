"""Write the lists of sites that ship, and the list of entries from which `python -m allo_core sites build` computes them by one rule.

Three files in allo_core/data/, so that each can be left out with what its terms say:

- sites.json: the four lists that were published with the attention analysis.
- sites_asd.json: the sixteen lists that go back to the AlloSteric Database (ASD), whose terms do not allow its release to be passed on.
  What is kept are residue numbers, facts about a named entry of the wwPDB, with the publication of that structure.  ``--without-asd``
  leaves the file out, and the app runs without it.
- modulators.json: entries, ligands and roles, no residues: those that GPCRdb annotates (CC BY 4.0), and the entries of the lists above.
"""

import json
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from allo_core.library.site import ASD, ASD_BY_DISTANCE, Rule

__all__ = ["write_modulators", "write_sites"]

_FIELDS = ("kind", "evidence", "modulation", "modulator", "pdb", "residues")
# (receptor, entry) -> the modulator in that entry, and the publication of the structure in PubMed where its number is checked.  Ligands are
# components of the wwPDB's dictionary; pep(...) names chains, as GPCRdb writes them: the mini-Gs of 5G53, alpha and beta of Gs in 3SN6.
_ENTRIES = {
    ("ACM2", "4MQT"): ("2CU", 24256733),
    ("CCR5", "4MBS"): ("MRV", 24030490),
    ("AA2AR", "4EIY"): ("NA", 22798613),
    ("OPRD", "4N6H"): ("NA", 24413399),
    ("GRM1", "4OR2"): ("FM9", 24603153),
    ("GRM5", "4OO9"): ("2U8", 25042998),
    ("FFAR1", "4PHU"): ("2YB", 25043059),
    ("AA2AR", "2YDO"): ("ADN", None),
    ("AA2AR", "5G53"): ("pep(C,D)", 27462812),
    ("ADRB2", "4LDO"): ("ALE", 24056936),
    ("ADRB2", "3SN6"): ("pep(A,B)", 21772288),
    ("CCR9", "5LWE"): ("79K", 27926729),
    ("PAR2", "5NDD"): ("8TZ", None),
    ("P2RY1", "4XNV"): ("BUR", None),
    ("GPR52", "6LI0"): ("EN6", 32076264),
    ("GPBAR", "7CFN"): ("FX0", None),
    ("GLP1R", "5VEW"): ("97Y", None),
    ("DRD4", "5WIV"): ("NA", None),
    ("SMO", "5L7I"): ("VIS", None),
    ("OXYR", "6TPK"): ("CLR", None),
}


def write_sites(table: Path, sequences: dict[str, str], target: Path, asd: bool = True) -> None:
    """Write sites.json and, unless ``asd`` is False, sites_asd.json; a sites_asd.json that is not wanted is deleted."""
    published, from_asd = [], []
    for row in pd.read_csv(table, keep_default_na=False).to_dict("records"):
        _check(row, sequences[row["receptor"]])
        ligand, pubmed = _ENTRIES[row["receptor"], row["pdb"]]
        rule, compiler = _rule_and_compiler(row)
        kept = {name: row[name] for name in _FIELDS}
        source = f"the publication that wwPDB entry {row['pdb']} names" if pubmed is None else f"structure: PubMed {pubmed}"
        more = {"ligand": ligand, "rule": rule, "compiler": compiler, "source": source}
        (from_asd if compiler in (ASD, ASD_BY_DISTANCE) else published).append(
            {"receptor": row["receptor"], "name": row["site"]} | kept | more
        )
    _write_rows(target / "sites.json", published)
    if asd:
        _write_rows(target / "sites_asd.json", from_asd)
    else:
        (target / "sites_asd.json").unlink(missing_ok=True)


def write_modulators(annotated: Path, listed: Path, target: Path) -> None:
    """Write modulators.json: GPCRdb's entries with an allosteric ligand, then the entries of the shipped lists that are not among them."""
    sites = pd.read_csv(listed, keep_default_na=False).to_dict("records")
    names = {_ENTRIES[row["receptor"], row["pdb"]][0]: row["modulator"] for row in sites}
    rows = []
    for row in pd.read_csv(annotated, keep_default_na=False).to_dict("records"):
        rows.append([row["receptor"], row["pdb"], row["ligand"], "allosteric", row["role"], names.get(row["ligand"], ""), row["note"]])
    known = {(receptor, entry, ligand) for receptor, entry, ligand, *_ in rows}
    more = []
    for row in sites:
        ligand, _ = _ENTRIES[row["receptor"], row["pdb"]]
        if (row["receptor"], row["pdb"], ligand) not in known:
            more.append([row["receptor"], row["pdb"], ligand, row["kind"], row["modulation"], row["modulator"], ""])
    content = [
        '"columns": ["receptor", "pdb", "ligand", "kind", "role", "modulator", "note"]',
        '"gpcrdb": {"source": "GPCRdb, structure annotation (gpcrdb.org)", "licence": "CC BY 4.0", '
        f'"licence_url": "https://creativecommons.org/licenses/by/4.0/", "rows": [\n{_lines(rows)}\n ]}}',
        f'"publications": {{"source": "the publications of the structures", "rows": [\n{_lines(more)}\n ]}}',
    ]
    (target / "modulators.json").write_text("{\n " + ",\n ".join(content) + "\n}\n", encoding="utf-8")


def _lines(rows: Iterable[list]) -> str:
    return ",\n".join(f"  {json.dumps(row, ensure_ascii=False)}" for row in rows)


def _write_rows(path: Path, rows: list[dict]) -> None:
    path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _check(row: dict, sequence: str) -> None:
    for residue in row["residues"].split():
        letter, position = residue[0], int(residue[1:])
        if sequence[position - 1] != letter:
            raise SystemExit(f"{row['receptor']} {row['site']}: {residue} does not fit the sequence")


def _rule_and_compiler(row: dict) -> tuple[Rule, str]:
    """By the words of the source table; a list that they do not fit has no label, and is not written."""
    source = row["source"]
    if source.startswith("AlloSteric Database release 2019-09"):
        return "listed", ASD
    if source.startswith("ASD contact residues as compiled in RCEccleston/PLM_Allosteric_Classification"):
        return "within 7", ASD_BY_DISTANCE
    if source.startswith("jdlg-42/"):
        return "published", source
    raise SystemExit(f"{row['receptor']} {row['site']}: nobody has said who compiled {source!r}, and by which rule")
