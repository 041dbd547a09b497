"""Write gprotein_families.json: which G protein families the receptors of the library are reported to couple to.

The labels are the Guide to PHARMACOLOGY's (GtoPdb), primary and secondary transducers alike, as GPCRdb passes them on.  The database is
under the ODbL, its contents under CC BY-SA 4.0, so the file that is written here is, too, and carries its notice; the code is not.

A receptor of which no family is reported is *unknown*: the rows of rhodopsin and PAR1, whose G proteins are in every textbook, are empty.
A family that is not reported of a receptor with others is "not reported", which is what there is to learn from.  Rows of isoforms
(P30988-2, P34998-2) belong to no receptor of the library, whose sequences are others.
"""

import csv
import gzip
import json
from pathlib import Path

__all__ = ["write_couplings"]

# Column of the source table -> family, and one member that stands for it: name, UniProt accession, RefSeq entry of the source table.
_FAMILIES = {
    "Gs": ("Gs", "GNAS2", "P63092", ""),
    "Gi": ("Gi/o", "GNAI1", "P63096", "NP_002060.4"),
    "Gq": ("Gq/11", "GNAQ", "P50148", "NP_002063.2"),
    "G12_13": ("G12/13", "GNA13", "Q14344", "NP_006563.2"),
}
# Of Gs the source table holds XLas alone.  UniProt P63092, as in CGN_referenceAlignment.fasta of protwis/gpcrdb_data; residues 40 to 394
# are also those of XLas (NP_536350.2), and 9 to 394 those that 3SN6 shows of the bovine protein, but for A188, which is D there.
_GNAS2 = (
    "MGCLGNSKTEDQRNEEKAQREANKKIEKQLQKDKQVYRATHRLLLLGAGESGKSTIVKQMRILHVNGFNGEGGEEDPQAARSNSDGEKATKVQDIKNNLK"
    "EAIETIVAAMSNLVPPVELANPENQFRVDYILSVMNVPDFDFPPEFYEHAKALWEDEGVRACYERSNEYQLIDCAQYFLDKIDVIKQADYVPSDQDLLRC"
    "RVLTSGIFETKFQVDKVNFHMFDVGGQRDERRKWIQCFNDVTAIIFVVASSSYNMVIREDNQTNRLQEALNLFKSIWNNRWLRTISVILFLNKQDLLAEK"
    "VLAGKSKIEDYFPEFARYTTPEDATPEPGEDPRVTRAKYFIRDEFLRISTASGDGRHYCYPHFTCAVDTENIRRVFNDCRDIIQRMHLRQYELL"
)
_NOTICE = {
    "source": "Guide to PHARMACOLOGY (GtoPdb, guidetopharmacology.org), primary and secondary transducers, through GPCRdb (gpcrdb.org)",
    "licence": "database: Open Database License (ODbL) 1.0; contents: CC BY-SA 4.0; this file is passed on under the same terms",
    "licence_url": "https://opendatacommons.org/licenses/odbl/1-0/ https://creativecommons.org/licenses/by-sa/4.0/",
    "partners_source": "GNAS2: UniProt P63092 (CC BY 4.0); the others: NCBI RefSeq",
    "note": "reported: 1 where a family is, in the order of partners; unknown: receptors without any, which are no negatives",
}


def write_couplings(table: Path, proteins: Path, rows: list[dict], target: Path) -> None:
    """Write the file.

    Parameters
    ----------
    table : Path
        The source table: accession and one column a family, 0 or 1.
    proteins : Path
        The source table of sequences by RefSeq entry, gzipped.
    rows : list of dict
        The receptors: entry, accession.
    target : Path
        The folder of the file.
    """
    with table.open(encoding="utf-8") as file:
        given = {row["accession"]: "".join(row[column] for column in _FAMILIES) for row in csv.DictReader(file, delimiter="\t")}
    entries = {row["entry"]: given[row["accession"]] for row in rows if row["accession"] in given}
    with gzip.open(proteins, "rt", encoding="utf-8") as file:
        sequences = {row["Entry"]: row["Sequence"] for row in csv.DictReader(file, delimiter="\t")}
    partners = [[family, name, accession, sequences.get(refseq, _GNAS2)] for family, name, accession, refseq in _FAMILIES.values()]
    reported = [[entry, labels] for entry, labels in sorted(entries.items()) if "1" in labels]
    unknown = sorted({row["entry"] for row in rows} - {entry for entry, _ in reported})
    parts = [f'"{name}": {json.dumps(text, ensure_ascii=False)}' for name, text in _NOTICE.items()]
    parts += [f'"{name}": [\n{_lines(lines)}\n ]' for name, lines in (("partners", partners), ("reported", reported))]
    parts.append(f'"unknown": {json.dumps(unknown)}')
    (target / "gprotein_families.json").write_text("{\n " + ",\n ".join(parts) + "\n}\n", encoding="utf-8")


def _lines(rows: list[list[str]]) -> str:
    return ",\n".join(f"  {json.dumps(row)}" for row in rows)
