"""What ships of sites is what the script writes, and a build may leave the lists of the AlloSteric Database out."""

import csv
import json

import pytest

from allo_core.library.build_sites import write_modulators, write_sites
from allo_core.library.receptors import DATA, receptors
from allo_core.library.site import ASD, ASD_BY_DISTANCE


def sequences():
    return {entry: receptor.protein.sequence for entry, receptor in receptors().items()}


def test_the_files_that_ship_are_those_that_the_script_writes(shared, tmp_path):
    table, annotated = shared / "data/gpcr_allosteric_sites.csv", shared / "data/gpcr_allosteric_structures.csv"
    write_sites(table, sequences(), tmp_path)
    write_modulators(annotated, table, tmp_path)
    for name in ("sites.json", "sites_asd.json", "modulators.json"):
        assert (tmp_path / name).read_bytes() == (DATA / name).read_bytes(), name


def test_one_switch_leaves_the_lists_of_asd_out(shared, tmp_path):
    table = shared / "data/gpcr_allosteric_sites.csv"
    write_sites(table, sequences(), tmp_path)
    assert (tmp_path / "sites_asd.json").is_file()
    write_sites(table, sequences(), tmp_path, asd=False)
    assert [path.name for path in tmp_path.iterdir()] == ["sites.json"]
    left = json.loads((tmp_path / "sites.json").read_text(encoding="utf-8"))
    assert len(left) == 4
    assert not any(word in json.dumps(left) for word in ("ASD", "AlloSteric"))


def test_all_lists_that_go_back_to_asd_are_in_the_one_file():
    rows = {name: json.loads((DATA / name).read_text(encoding="utf-8")) for name in ("sites.json", "sites_asd.json")}
    assert len(rows["sites_asd.json"]) == 16
    assert {row["compiler"] for row in rows["sites_asd.json"]} == {ASD, ASD_BY_DISTANCE}
    assert [row["rule"] for row in rows["sites_asd.json"]].count("within 7") == 9
    assert {row["rule"] for row in rows["sites.json"]} == {"published"}


def test_the_entries_of_gpcrdb_are_there_as_they_stand_and_hold_no_residue(shared):
    content = json.loads((DATA / "modulators.json").read_text(encoding="utf-8"))
    assert content["gpcrdb"]["licence"] == "CC BY 4.0"
    with (shared / "data/gpcr_allosteric_structures.csv").open() as file:
        source = [[row["receptor"], row["pdb"], row["ligand"], row["role"], row["note"]] for row in csv.DictReader(file)]
    at = [content["columns"].index(name) for name in ("receptor", "pdb", "ligand", "role", "note")]
    assert [[row[column] for column in at] for row in content["gpcrdb"]["rows"]] == source
    assert len(source) == 81
    assert "residues" not in content["columns"]


def test_a_list_of_nobody_knows_whom_is_not_written(tmp_path):
    table = tmp_path / "sites.csv"
    table.write_text(
        "receptor,site,kind,evidence,modulation,modulator,pdb,residues,source\n"
        "AA2AR,Na+ contacts (4EIY),allosteric,ligand contacts,NAM,Na+,4EIY,D52,a friend\n"
    )
    with pytest.raises(SystemExit, match="nobody has said who compiled 'a friend'"):
        write_sites(table, sequences(), tmp_path)
    table.write_text(table.read_text().replace("D52", "E52"))
    with pytest.raises(SystemExit, match="E52 does not fit the sequence"):
        write_sites(table, sequences(), tmp_path)
