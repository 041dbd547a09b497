"""Which layer for which property, with tiny random models: against scikit-learn on states that are read by hand, and what is kept."""

import json
import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest

from allo_core.errors import Cancelled, LayerError, LibraryError
from allo_core.learning.folds import group_folds
from allo_core.learning.probes import class_task, probe
from allo_core.library.contacts import known_contacts
from allo_core.library.receptors import find_receptor, receptors
from allo_core.models.embeddings import embed
from allo_core.models.registry import MODELS
from allo_core.protein.alignment import HOMOLOGUE_IDENTITY
from allo_core.protein.homologues import identities
from allo_core.readouts import layers, library_panel, library_states
from allo_core.readouts.kept_readouts import FOLDERS, kept_readouts, layers_folder, variants_folder
from allo_core.readouts.layer_asked import rows_of
from allo_core.readouts.layer_baselines import side_by_side
from allo_core.readouts.layer_comparison import Baseline, LayerScore, states_in_words
from allo_core.readouts.layer_properties import library_property
from allo_core.readouts.layers import compare_layers, kept_layers, states_size
from allo_core.readouts.library_panel import MOST_RESIDUES, clusters_of, means_panel, panel_of, panel_receptors
from allo_core.readouts.library_states import states_are_kept, untrained
from allo_core.readouts.value_table import property_of_table
from allo_core.storage.home import home
from allo_core.terminal.runs import delete_runs, print_runs
from tests.models.tiny import FAMILIES, random_model

# Eight receptors, of which the first two are homologues.
FEW = ("AA1R", "AA2AR", "ADRB2", "CCR5", "OPSD", "T2R10", "MTR1A", "P2Y12")


@pytest.fixture(scope="module", params=FAMILIES, ids=lambda spec: spec.family)
def any_model(request):
    return random_model(request.param, seed=2)


@pytest.fixture(scope="module")
def model():
    return random_model(FAMILIES[0], seed=2)


def test_states_are_those_of_the_drawn_residues(any_model):
    panel, calls = panel_of(any_model.spec, FEW[:3]), []
    found = library_states.library_states(any_model, panel, lambda: calls.append(1))
    assert found.shape == (any_model.spec.layers + 1, 3 * MOST_RESIDUES, any_model.spec.width)
    assert len(calls) == 3
    for at, (entry, residues) in enumerate(zip(panel.receptors, panel.residues, strict=True)):
        assert list(residues) == sorted(set(residues))
        own = embed(any_model, receptors()[entry].protein, range(any_model.spec.layers + 1))
        for layer, state in own.states.items():
            np.testing.assert_array_equal(found[layer, at * MOST_RESIDUES : (at + 1) * MOST_RESIDUES], state[list(residues)])
    again = library_states.library_states(any_model, panel, lambda: pytest.fail("they were kept"))
    np.testing.assert_array_equal(again, found)
    means = library_states.library_states(any_model, means_panel(any_model.spec, FEW[:2]))
    np.testing.assert_array_equal(means[-1, 1], embed(any_model, receptors()[FEW[1]].protein).mean(-1))


@pytest.mark.parametrize("damage", ["cut", "changed", "said", "gone", "pickled"])
def test_damaged_states_are_computed_anew(model, damage):
    panel = panel_of(model.spec, FEW[:2])
    first = np.array(library_states.library_states(model, panel))
    (numbers,) = (home() / "layers" / "states").glob("*.npy")
    said = numbers.with_suffix(".json")
    if damage == "cut":
        numbers.write_bytes(numbers.read_bytes()[:-100])
    elif damage == "changed":
        content = bytearray(numbers.read_bytes())
        content[-3] ^= 1
        numbers.write_bytes(content)
    elif damage == "said":
        said.write_text("{")
    elif damage == "gone":
        said.unlink()
    else:
        np.save(numbers, np.array([{}], dtype=object), allow_pickle=True)
    assert not states_are_kept(model, panel)
    np.testing.assert_array_equal(library_states.library_states(model, panel), first)
    assert states_are_kept(model, panel)


def test_a_cancelled_pass_keeps_nothing(model):
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        library_states.library_states(model, panel_of(model.spec, FEW), cancel.set, cancel)
    assert not list((home() / "layers" / "states").iterdir())


def test_large_models_draw_fewer_residues():
    large = MODELS["esm2_t48_15B_UR50D"]
    panel = panel_of(large, panel_receptors())
    assert panel.bytes_of(large) <= 1e9
    assert {len(own) for own in panel.residues} == {int(1e9 // (4 * 49 * 5120 * len(panel.receptors)))}
    small = panel_of(MODELS["alloscope_gpcr_8m"], panel_receptors())
    assert set(panel.residues[0]) <= set(small.residues[0])
    assert (
        states_size("alloscope_gpcr_8m", "segment")
        == small.bytes_of(MODELS["alloscope_gpcr_8m"])
        == 4 * 7 * 320 * 64 * len(small.receptors)
    )


def test_the_panel_is_one_receptor_of_each_cluster():
    members = [receptors()[entry] for entry in panel_receptors()]
    table = identities(members)
    assert (table[np.triu_indices(len(members), 1)] <= HOMOLOGUE_IDENTITY).all()
    assert {"AA2AR", "ADRB2", "OPSD"} <= set(panel_receptors())
    assert max(len(member.protein) for member in members) <= library_panel.LONGEST
    every = library_panel.numbered_receptors()
    assert len(set(clusters_of(every).tolist())) == len(members)


def test_the_untrained_model_has_the_same_shape_and_other_weights(model):
    one, other = untrained(model), untrained(model)
    parameters = dict(model.module.named_parameters())
    for (name, value), (_, again) in zip(one.module.named_parameters(), other.module.named_parameters(), strict=True):
        assert value.shape == parameters[name].shape
        assert value.equal(again)
    assert one.sha256 != model.sha256


def test_a_comparison_is_that_of_probes_on_states_read_by_hand(model):
    steps = []
    found = compare_layers(model, "TM or not", FEW, lambda done, total: steps.append((done, total)))
    states = model.spec.layers + 1
    assert steps == [(done, 2 * 8 + 2 * states + 1) for done in range(1, 2 * 8 + 2 * states + 2)]
    panel = panel_of(model.spec, found.receptors)
    assert set(found.receptors) == set(FEW)
    labels, groups, types, vectors = [], [], [], []
    clusters = clusters_of(panel.receptors)
    for at, (entry, residues) in enumerate(zip(panel.receptors, panel.residues, strict=True)):
        own = embed(model, receptors()[entry].protein, range(states))
        for residue in residues:
            labels.append("TM" if receptors()[entry].numbers.segment[residue].startswith("TM") else "other")
            groups.append(clusters[at])
            types.append(receptors()[entry].protein.sequence[residue])
            vectors.append([own.states[layer][residue] for layer in range(states)])
    labels, groups, vectors = np.array(labels), np.array(groups), np.array(vectors)
    folds, task = group_folds(groups, 5), class_task(labels)
    for layer in range(states):
        (expected,) = probe(vectors[:, layer], [task], folds, groups)
        assert found.states[layer].value == pytest.approx(expected.value, abs=1e-5)
        assert found.states[layer].error == pytest.approx(expected.error, abs=1e-5)
    (together,) = probe(vectors.reshape(len(labels), -1), [task], folds, groups)
    assert found.all_states.value == pytest.approx(together.value, abs=1e-5)
    (by_type,) = probe((np.array(types)[:, None] == np.unique(types)).astype(float), [task], folds, groups)
    assert found.baseline("residue type").score.value == pytest.approx(by_type.value, abs=1e-5)
    (guess,) = probe(np.zeros((len(labels), 1)), [task], folds, groups)
    assert found.baseline("chance").score.value == pytest.approx(guess.value, abs=1e-5)
    assert found.clusters == 7  # two of them are homologues
    assert (found.rows, found.measure, found.folds) == (8 * MOST_RESIDUES, "accuracy", 5)
    assert found.baseline("untrained weights").score.value == max(one.value for one in found.untrained)


def test_the_answer_is_kept_and_found_again(model, monkeypatch):
    first = compare_layers(model, "conservation", FEW)
    monkeypatch.setattr(layers, "library_states", lambda *_: pytest.fail("it was kept"))
    assert compare_layers(model, "conservation", reversed(FEW)) == first
    (kept,) = (home() / "layers" / "answers").iterdir()
    monkeypatch.undo()
    for damage in ("{", json.dumps({"format": 0}), json.dumps({"format": 1, "states": 3})):
        kept.write_text(damage)
        assert replace(compare_layers(model, "conservation", FEW), seconds=0) == replace(first, seconds=0)
    assert first.measure == "R²"
    assert kept_layers("esm2_t6_8M_UR50D", "conservation", FEW) is None  # weights that were never hashed here


def test_looking_for_an_answer_loads_no_torch():
    code = (
        "import sys; from allo_core.readouts.layers import kept_layers;"
        "print(kept_layers('alloscope_gpcr_8m', 'segment'), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["None", "False"]


def test_a_second_property_reads_no_receptor_again(model, monkeypatch):
    compare_layers(model, "segment", FEW)
    monkeypatch.setattr(library_states, "embed", lambda *_: pytest.fail("the states were kept"))
    steps = []
    compare_layers(model, "residue type", FEW, lambda done, total: steps.append(total))
    assert set(steps) == {2 * (model.spec.layers + 1) + 1}


def test_what_is_kept_can_be_counted_and_deleted(model, capsys):
    compare_layers(model, "segment", FEW)
    assert len([file for file in layers_folder().rglob("*") if file.is_file()]) == 5  # states and what they are, trained and not; an answer
    variants_folder().mkdir(parents=True)
    (variants_folder() / "reference.npz").write_bytes(b"12345")
    states, references, *_ = FOLDERS
    size = kept_readouts()[states]
    assert size > 2 * states_bytes(model)
    assert kept_readouts()[references] == 5
    print_runs()
    assert f"states of layers and what they tell, {size / 1e6:.1f} MB" in capsys.readouterr().out
    delete_runs((), everything=True)
    assert "states of layers and what they tell, references of variants deleted" in capsys.readouterr().out
    assert kept_readouts() == {}


def states_bytes(model) -> int:
    return panel_of(model.spec, FEW).bytes_of(model.spec)


def test_what_no_probe_can_read_is_said_first(model):
    """States of random weights tell the residue type, which the residue type tells as well."""
    found = compare_layers(model, "residue type", FEW)
    assert found.baseline("residue type").score.value == 1
    assert found.sentence.startswith(
        f"No state of {model.spec.label} is above what residue type alone gives for residue type (1.000 ± 0.000)"
    )
    assert found.sentence.endswith("Only 7 clusters of homologues were asked, so the errors are rough.")
    assert found.baseline("shuffled labels").score.value < 0.3  # of a residue type nothing is left when it is shuffled


def test_a_cancelled_comparison_keeps_the_states_that_are_complete(model):
    cancel = threading.Event()

    def stop(done, total):
        if done == len(FEW):
            cancel.set()

    with pytest.raises(Cancelled):
        compare_layers(model, "segment", FEW, stop, cancel)
    assert not (home() / "layers" / "answers").exists()


def test_receptors_have_a_class_by_their_mean_vectors(model, monkeypatch):
    names = [entry for entry in library_property("class").receptors if receptors()[entry].receptor_class in "AT"]
    few = [entry for entry in names if receptors()[entry].receptor_class == "A"][::12] + [
        entry for entry in names if entry.startswith("T2R")
    ]
    found = compare_layers(model, "class", few)
    assert found.classes == ("A", "T")
    assert found.rows == len(few)
    assert found.control == ()
    assert {one.name for one in found.baselines} == {"amino acid composition", "length", "chance", "untrained weights", "shuffled labels"}


def test_a_rare_class_is_told_from_a_common_one_by_balanced_accuracy(model):
    table = "receptor,residue,mark\n" + "\n".join(
        f"{entry},{number},{'yes' if number % 9 == 0 else 'no'}" for entry in FEW for number in range(40, 160)
    )
    found = compare_layers(model, property_of_table(table))
    assert (found.property_name, found.measure, found.rows) == ("mark", "balanced accuracy", 120 * len(FEW))
    assert found.baseline("chance").score.value == pytest.approx(0.5)
    assert all(accuracy.value > 0.8 for accuracy in found.accuracies)


def test_too_few_clusters_or_an_unknown_receptor_are_refused_before_the_model_runs(model, monkeypatch):
    monkeypatch.setattr(library_states, "embed", lambda *_: pytest.fail("the model ran"))
    with pytest.raises(LayerError, match=r"'segment' is known in too few clusters of homologues \(1\)"):
        compare_layers(model, "segment", FEW[:2])
    with pytest.raises(LayerError, match="no property 'colour'; the properties are residue type, segment"):
        compare_layers(model, "colour")
    with pytest.raises(LibraryError, match="NOSUCH"):
        compare_layers(model, "segment", ("AA2AR", "NOSUCH"))
    with pytest.raises(LayerError, match="'contact to a ligand' is not known of CCR5"):
        compare_layers(model, "contact to a ligand", ("AA2AR", "CCR5"))
    with pytest.raises(LayerError, match="No receptor was named"):
        compare_layers(model, "segment", ())
    with pytest.raises(LayerError, match="GRM5 has 1212 residues, AntiBERTy reads at most 510"):
        compare_layers(random_model(FAMILIES[2], seed=1), "segment", (*FEW, "GRM5"))


def test_classes_that_stand_in_too_few_clusters_leave_nothing():
    table = "receptor,residue,mark\n" + "\n".join(f"{entry},{number},{entry}" for entry in FEW for number in range(40, 60))
    with pytest.raises(LayerError, match="No class of 'mark' stands in 3 clusters"):
        rows_of(FAMILIES[0], property_of_table(table), None).task  # noqa: B018


def test_many_wide_states_are_reduced_before_they_are_put_together():
    states = np.random.default_rng(0).normal(size=(5, 700, 900)).astype(np.float32)
    together, each = side_by_side(states)
    assert each == 4096 // 5 or each == 700
    assert together.shape == (700, 5 * each)
    plain, each = side_by_side(states[:2])
    assert each == 0
    np.testing.assert_array_equal(plain, np.concatenate([states[0], states[1]], axis=1))


# What properties say.


def test_a_ligand_is_touched_where_its_structures_show_it():
    labels = library_property("contact to a ligand").labels["AA2AR"]
    protein = find_receptor("AA2AR").protein
    yes = {protein.label(index) for index in np.flatnonzero(labels == "yes")}
    assert {"F168", "N253", "L249"} <= yes  # of ZM241385: Jaakola et al., Science 322, 1211 (2008)
    assert "D52" not in yes  # that is sodium's
    assert 8 <= len(yes) <= 25
    assert labels[-1] == ""  # the C-terminus is not resolved


def test_contacts_are_counted():
    values = library_property("contacts").labels["AA2AR"]
    known = known_contacts()["AA2AR"]
    pairs = list(zip(known.first.tolist(), known.second.tolist(), strict=True))
    for index in known.resolved[::40]:
        assert values[index] == sum(index in pair for pair in pairs)
    assert np.isnan(values[[k for k in range(len(values)) if k not in set(known.resolved.tolist())]]).all()


def test_properties_of_generic_numbers():
    numbers = receptors()["AA2AR"].numbers
    assert library_property("segment").labels["AA2AR"].tolist() == list(numbers.segment)
    assert library_property("generic number").labels["AA2AR"][51] == numbers.gpcrdb[51] == "2x50"
    assert set(library_property("TM or not").labels["AA2AR"]) == {"TM", "other"}
    rows = rows_of(MODELS["alloscope_gpcr_8m"], "generic number", None)
    assert {receptors()[entry].receptor_class for entry in rows.receptors} == {"A"}
    assert (
        rows.panel
        == rows_of(MODELS["alloscope_gpcr_8m"], "contacts", None).panel
        == rows_of(MODELS["alloscope_gpcr_8m"], "segment", None).panel
    )
    np.testing.assert_array_equal(library_property("conservation").labels["AA2AR"], numbers.family_conservation)


def test_a_class_in_too_few_clusters_is_left_out():
    rows = rows_of(MODELS["alloscope_gpcr_8m"], "class", None)
    assert rows.left_out == ("C",)
    assert set(rows.labels) == {"A", "B", "T"}


# A person's own values.


def test_values_of_a_table():
    found = property_of_table(
        "Receptor;residue;depth;note\nAA2AR_HUMAN;D52 S91;1,5;a\nP29274;2x46;;\nADRB2;79;2;b\n".replace("1,5", "1.5"), "depth"
    )
    assert (found.name, found.kind, found.receptors) == ("depth", "number", ("AA2AR", "ADRB2"))
    assert found.labels["AA2AR"][[51, 90]].tolist() == [1.5, 1.5]
    assert np.isfinite(found.labels["AA2AR"]).sum() == 2
    words = property_of_table("receptor\tresidue\tkind\nAA2AR\t52\tion\nAA2AR\t91\t3\n")
    assert (words.kind, words.labels["AA2AR"][90]) == ("class", "3")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", "needs a header with one column receptor"),
        ("receptor,value\nAA2AR,1", "needs a header with one column receptor"),
        ("receptor,entry,residue,value\nAA2AR,AA2AR,52,1", "needs a header with one column receptor"),
        ("receptor,residue\nAA2AR,52", "no one column ''; choose one of none"),
        ("receptor,residue,a,b\nAA2AR,52,1,2", "no one column ''; choose one of a, b"),
        ("receptor,residue,value\nAA2AR,52,", "No row of the table has a value"),
        ("receptor,residue,value\nAA2AR,A52,1", "Row 2 of the table: "),
        ("receptor,residue,value\nNOSUCH,52,1", "Row 2 of the table: 'NOSUCH'"),
        ("receptor,residue,value\nAA2AR,,1", "Row 2 of the table names no residue of AA2AR"),
        ("receptor,residue,value\nAA2AR,52,1\nAA2AR,D52,2", "Row 3 of the table gives D52 of AA2AR a second value, '2'"),
    ],
)
def test_tables_that_cannot_be_used(table, said):
    with pytest.raises(LayerError, match=said):
        property_of_table(table)


# The sentence.


def made(model, values, bar, not_above, alike, best, **changes):
    score = [LayerScore(value, 0.004) for value in values]
    base = compare_layers(model, "segment", FEW)
    return replace(
        base,
        states=tuple(score),
        best=best,
        earliest=changes.pop("earliest", best),
        alike=alike,
        baselines=(Baseline("position in the chain", LayerScore(bar, 0.02)),),
        bar="position in the chain",
        not_above=not_above,
        all_above_best=False,
        clusters=60,
        **changes,
    )


def test_the_sentence(model):
    label = model.spec.label
    clear = made(model, [0.7, 0.8, 0.9], 0.64, (), (2,), 2)
    assert clear.sentence == (
        "For segment, state 2 is best (accuracy 0.900 ± 0.004); every other state is worse; "
        "position in the chain alone gives 0.640 ± 0.020."
    )
    mixed = made(model, [0.2, 0.5, 0.898, 0.9], 0.64, (0, 1), (2, 3), 3, earliest=2)
    assert mixed.sentence == (
        "States 0 and 1 are not above what position in the chain alone gives (0.640 ± 0.020). "
        "For segment, state 3 is best (accuracy 0.900 ± 0.004); state 2 is not told apart from it, "
        "and the earliest within one standard error is 2."
    )
    lost = made(model, [0.2, 0.5], 0.64, (0, 1), (1,), 1)
    assert lost.sentence == (
        f"No state of {label} is above what position in the chain alone gives for segment (0.640 ± 0.020): state 1 is the best of them "
        "(0.500 ± 0.004)."
    )


def test_states_in_words():
    assert states_in_words((3,)) == "state 3"
    assert states_in_words((2, 3)) == "states 2 and 3"
    assert states_in_words((0, 1, 2, 3, 5)) == "states 0 to 3 and 5"
    assert states_in_words((1, 3, 5, 6)) == "states 1, 3, 5 and 6"
