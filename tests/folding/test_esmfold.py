import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import EsmForProteinFolding
from transformers.models.esm.openfold_utils import residue_constants

from allo_core.errors import Cancelled, DeviceError, FoldError, WeightsError
from allo_core.folding import esmfold, esmfold_memory, esmfold_network
from allo_core.folding.esmfold import check_esmfold, fold_with_esmfold, kept_esmfold, slow_device
from allo_core.folding.esmfold_memory import fitting_chunk, memory_needed
from allo_core.folding.esmfold_network import load_network, run_network
from allo_core.folding.folded_structure import ATOMS, FoldedStructure
from allo_core.folding.judged import judge
from allo_core.library.receptors import find_receptor
from allo_core.models.folding_models import ESMFOLD, FOLDING_MODELS, locate_folding
from allo_core.protein.sequence import Protein
from allo_core.readouts.kept_readouts import delete_readouts, folds_folder, kept_readouts
from allo_core.structure.confidence import plddt
from allo_core.structure.geometry import ca_positions
from allo_core.structure.mapping import map_structure
from allo_core.structure.read import read_structure
from tests.models.tiny import random_protein
from tests.models.tiny_esmfold import PASSES, TINY_ESMFOLD, random_esmfold, save_esmfold

REAL = FOLDING_MODELS[ESMFOLD]
STEPS = 2 + PASSES * (2 + 1)


@pytest.fixture(scope="module")
def module():
    return random_esmfold()


@pytest.fixture
def tiny(module, monkeypatch, own_home):
    """A small ESMFold where the app's own downloads lie."""
    monkeypatch.setitem(FOLDING_MODELS, ESMFOLD, TINY_ESMFOLD)
    return save_esmfold(module, own_home / "weights" / ESMFOLD)


def fold(length=60, **options):
    return fold_with_esmfold(random_protein(length), "cpu", **options)


def test_end_to_end_it_gives_what_transformers_gives(tiny, module):
    protein = random_protein(60)
    seen = []
    found = fold_with_esmfold(protein, "cpu", progress=lambda done, total: seen.append((done, total)))
    output = module.infer(protein.sequence)
    theirs = output["positions"][-1, 0, :, 1].numpy()
    np.testing.assert_allclose(found.xyz, theirs, atol=1e-3)
    np.testing.assert_allclose(found.plddt, 100 * output["plddt"][0, :, 1].numpy(), atol=0.01)
    assert found.ptm == pytest.approx(float(output["ptm"]), abs=1e-5)
    assert (found.positions.shape, found.plddt.shape, found.passes, found.half) == ((60, 37, 3), (60,), PASSES, False)
    assert seen == [(k, STEPS) for k in range(1, STEPS + 1)]
    np.testing.assert_array_equal(np.isfinite(found.positions[..., 0]), output["atom37_atom_exists"][0].numpy() > 0)


def test_the_atoms_are_those_of_their_own_file(tiny, module):
    """All atoms, by name, where transformers' own PDB writer puts them."""
    protein = random_protein(40)
    theirs = read_structure(module.output_to_pdb(module.infer(protein.sequence))[0].encode(), "theirs").atoms
    ours = fold(40).structure.atoms
    place = {(number, name): xyz for number, name, xyz in zip(theirs.res_id, theirs.atom_name, theirs.coord, strict=True)}
    assert len(ours) == len(place)
    for number, name, xyz in zip(ours.res_id, ours.atom_name, ours.coord, strict=True):
        np.testing.assert_allclose(xyz, place[(number, name)], atol=0.01)


def test_the_same_twice_and_in_chunks(tiny):
    whole = fold()
    delete_readouts("folds that were computed")
    again, chunked = fold(), None
    delete_readouts("folds that were computed")
    chunked = fold(chunk_size=7)
    np.testing.assert_array_equal(whole.positions, again.positions)
    np.testing.assert_array_equal(whole.plddt, again.plddt)
    np.testing.assert_allclose(whole.positions, chunked.positions, atol=1e-4)
    np.testing.assert_allclose(whole.plddt, chunked.plddt, atol=1e-4)


@pytest.mark.parametrize("write", ["cif_text", "pdb_text"])
def test_files_read_back_and_map_at_identity_1(tiny, write):
    protein = replace(random_protein(60), first=101)
    found = fold_with_esmfold(protein, "cpu")
    structure = read_structure(getattr(found, write).encode(), "fold")
    mapping = map_structure(structure, protein)
    assert (mapping.identity, mapping.aligned, mapping.chain) == (1, 60, "A")
    assert not structure.trace
    assert structure.title == "random, ESMFold"
    np.testing.assert_allclose(ca_positions(structure, mapping, 60), found.xyz, atol=0.001)
    np.testing.assert_allclose(structure.atoms.b_factor, np.repeat(found.plddt, np.isfinite(found.positions[..., 0]).sum(1)), atol=0.006)
    if write == "cif_text":
        assert structure.predicted
        np.testing.assert_allclose(plddt(structure, mapping, 60), found.plddt, atol=0.006)


def test_files_say_how_they_were_made(tiny):
    found = fold()
    said = " ".join(line[10:].strip() for line in found.pdb_text.splitlines() if line.startswith("REMARK   6"))
    for text in (said, " ".join(found.cif_text.split())):
        assert "random folded by ESMFold from its sequence alone" in text
        assert f"weights {found.weights[:12]}, language model in single precision, 2 passes of the trunk" in text
        assert "holds pLDDT from 0 to 100" in text
        assert "doi:10.1126/science.ade2574" in text
    assert all(len(line) == 80 for line in found.pdb_text.splitlines())


def test_hostile_names_stay_on_their_line(tiny):
    found = fold_with_esmfold(Protein("x\nATOM      1  CA  'é\u202e\"; loop_", random_protein(60).sequence), "cpu")
    for text in (found.cif_text, found.pdb_text):
        assert text.isascii()
        assert map_structure(read_structure(text.encode(), "fold"), found.protein).aligned == 60


def test_unknown_residues_have_their_ca_alone(tiny, module):
    sequence = random_protein(60).sequence
    protein = Protein("mine", sequence[:10] + "XBUZO" + sequence[15:])
    found = fold_with_esmfold(protein, "cpu")
    drawn = np.isfinite(found.positions[..., 0])
    assert drawn[10:15].sum() == 5
    assert drawn[10:15, 1].all()
    assert (np.linalg.norm(found.xyz[10:15], axis=1) > 0.1).all(), "transformers leaves them at the origin"
    np.testing.assert_allclose(found.xyz, module.infer(protein.sequence)["frames"][-1, 0, :, 4:].numpy(), atol=1e-3)
    assert "5 residues that are none of the twenty amino acids with their CA alone" in found.method
    structure = read_structure(found.cif_text.encode(), "fold")
    assert map_structure(structure, protein).aligned == 60
    assert [structure.atoms.res_name[structure.atoms.res_id == k][0] for k in range(11, 16)] == ["UNK", "ASX", "SEC", "GLX", "PYL"]


@pytest.mark.parametrize("letters", ["M", "X", "MK"])
def test_the_shortest(tiny, letters):
    found = fold_with_esmfold(Protein("short", letters), "cpu")
    assert np.isfinite(found.xyz).all()
    assert len(read_structure(found.pdb_text.encode(), "short").atoms) == np.isfinite(found.positions[..., 0]).sum()


def test_a_long_one(tiny):
    found = fold(300)
    assert found.xyz.shape == (300, 3)
    assert np.isfinite(found.xyz).all()


def test_cancel_stops_within_a_block(tiny, module):
    """At whatever step, and within a block: what is computed after it is a part of a block at most."""
    for stop_at in (1, 3, STEPS):
        cancel, seen = threading.Event(), []

        def watch(done, total, seen=seen, cancel=cancel, stop_at=stop_at):
            seen.append(done)
            if done == stop_at:
                cancel.set()

        with pytest.raises(Cancelled):
            fold(progress=watch, cancel=cancel)
        assert seen == list(range(1, stop_at + 1))
    assert kept_esmfold(random_protein(60)) is None
    cancel, parts = threading.Event(), []
    block = module.trunk.blocks[1]
    with (
        block.tri_mul_in.register_forward_pre_hook(lambda *_: cancel.set()),
        block.tri_att_start.register_forward_hook(lambda *_: parts.append("after")),
        pytest.raises(Cancelled),
    ):
        run_network(module, "ACDEFGHIKL", None, cancel=cancel)
    assert parts == []


def test_no_hook_is_left_behind(module):
    def hooks():
        return [(len(part._forward_hooks), len(part._forward_pre_hooks)) for part in module.modules()]

    before = hooks()
    run_network(module, "ACDEF", None)
    assert hooks() == before
    with pytest.raises(ZeroDivisionError):
        run_network(module, "ACDEF", None, progress=lambda done, total: 1 / 0)
    assert hooks() == before


def test_kept_by_sequence_and_weights(tiny, module):
    assert kept_esmfold(random_protein(60)) is None
    first = fold()
    assert kept_readouts()["folds that were computed"] > 0
    renamed = Protein("another name", random_protein(60).sequence, first=7)
    kept = kept_esmfold(renamed)
    np.testing.assert_array_equal(kept.positions, first.positions)
    assert (kept.weights, kept.ptm, kept.passes, kept.seconds) == (first.weights, first.ptm, first.passes, first.seconds)
    assert kept.protein is renamed
    save_esmfold(random_esmfold(seed=1), tiny)
    other = fold()
    assert other.weights != first.weights
    assert not np.allclose(other.positions, first.positions, equal_nan=True)
    assert len(list(folds_folder().glob("*.npz"))) == 2
    np.testing.assert_array_equal(kept_esmfold(random_protein(60)).positions, other.positions)
    assert delete_readouts("folds that were computed") == 2
    assert kept_esmfold(random_protein(60)) is None


def test_kept_without_the_weights_and_damaged(tiny):
    first = fold()
    (tiny / "pytorch_model.bin").unlink()
    np.testing.assert_array_equal(fold().positions, first.positions)
    (place,) = folds_folder().glob("*.npz")
    place.write_bytes(place.read_bytes()[:1000])
    assert kept_esmfold(random_protein(60)) is None
    with pytest.raises(WeightsError, match="ESMFold is not on this machine"):
        fold()


def test_the_kept_one_is_read_without_torch(tiny, own_home):
    fold()
    code = (
        "import sys\nfrom allo_core.folding.esmfold import kept_esmfold\nfrom allo_core.protein.sequence import Protein\n"
        f"assert kept_esmfold(Protein('p', {random_protein(60).sequence!r})).cif_text\nprint('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_full_disk_costs_nothing_but_the_next_time(tiny):
    folds_folder().parent.mkdir(exist_ok=True)
    folds_folder().write_text("no folder")
    assert np.isfinite(fold().xyz).all()


def test_memory_is_refused_before_anything_is_loaded(tiny, monkeypatch):
    monkeypatch.setattr(esmfold_memory, "available_memory", lambda device: 4_000_000)
    monkeypatch.setattr(esmfold_network, "load_network", lambda *_: pytest.fail("it was loaded"))
    with pytest.raises(DeviceError, match=r"ESMFold needs about 1\.4 GB for 900 residues, cpu has 0\.0 GB free; use a shorter") as error:
        fold(900)
    assert "--from template or --from family, or an AlphaFold model" in str(error.value)
    assert "\n" not in str(error.value)


def test_chunks_by_the_memory(monkeypatch):
    whole, small = (memory_needed(REAL, 400, chunk, half=True) for chunk in (None, 64))
    assert 8.4e9 < small < whole < 13e9
    for free, chunk in ((whole, None), (whole - 1, 64), (small, 64), (None, 64)):
        monkeypatch.setattr(esmfold_memory, "available_memory", lambda device, free=free: free)
        assert fitting_chunk(REAL, 400, "cuda") == chunk
    assert fitting_chunk(REAL, 400, "cuda", 16) == 16
    monkeypatch.setattr(esmfold_memory, "available_memory", lambda device: small)
    with pytest.raises(DeviceError, match=r"use chunks of 64 \(--chunk 64\)"):
        fitting_chunk(REAL, 400, "cuda", 400)
    monkeypatch.setattr(esmfold_memory, "available_memory", lambda device: small - 1)
    with pytest.raises(DeviceError, match=r"needs about 9\.\d GB for 400 residues, cuda has 9\.\d GB free; use a shorter stretch"):
        fitting_chunk(REAL, 400, "cuda")


def test_the_processor_needs_single_precision():
    assert memory_needed(REAL, 1, None, half=False) - memory_needed(REAL, 1, None, half=True) > 5.6e9


@pytest.mark.parametrize(
    "failure", [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("can't allocate memory: 8 GB"), MemoryError()]
)
def test_out_of_memory_on_the_way(tiny, monkeypatch, failure):
    def fail(*_, **__):
        raise failure

    monkeypatch.setattr(EsmForProteinFolding, "infer", fail)
    with pytest.raises(DeviceError, match=r"not enough to fold 60 residues without chunks; use smaller chunks \(--chunk 64\), a shorter"):
        fold()
    with pytest.raises(DeviceError, match="in chunks of 8; use a shorter stretch"):
        fold(chunk_size=8)


def test_other_failures_are_not_taken_for_it(tiny, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("shapes differ")

    monkeypatch.setattr(EsmForProteinFolding, "infer", fail)
    with pytest.raises(RuntimeError, match="shapes differ"):
        fold()


def test_the_language_model_is_in_half_precision_on_cuda_alone(tiny):
    half, single = (load_network(TINY_ESMFOLD, locate_folding(TINY_ESMFOLD), half) for half in (True, False))
    assert {parameter.dtype for parameter in half.esm.parameters()} == {torch.float16}
    assert half.esm.rotary_embeddings.inv_freq.dtype == torch.float32
    assert {parameter.dtype for parameter in half.trunk.parameters()} == {torch.float32}
    assert {parameter.dtype for parameter in single.parameters()} == {torch.float32}
    assert half.af2_to_esm.dtype == torch.int64
    near = [run_network(one, "ACDEFGHIKLMNPQRSTVWY", None).positions[:, 1] for one in (half, single)]
    np.testing.assert_allclose(*near, atol=0.5)
    assert not np.array_equal(*near)


def test_places_that_are_no_numbers_are_refused(tiny, monkeypatch):
    broken = random_esmfold()
    broken.esm_s_mlp[1].weight.data[:] = torch.inf
    save_esmfold(broken, tiny)
    with pytest.raises(FoldError, match="gave places that are no numbers; fold on the CPU"):
        fold()
    assert not list(folds_folder().glob("*.npz"))


def test_weights_that_do_not_fit(tiny):
    state = torch.load(tiny / "pytorch_model.bin", weights_only=True)
    del state["trunk.recycle_disto.weight"]
    torch.save(state, tiny / "pytorch_model.bin")
    with pytest.raises(WeightsError, match=r"does not fit EsmForProteinFolding of this size: it lacks trunk\.recycle_disto\.weight"):
        fold()
    torch.save(state | {"trunk.recycle_disto.weight": torch.zeros(3, 16)}, tiny / "pytorch_model.bin")
    with pytest.raises(WeightsError, match=r"trunk\.recycle_disto\.weight is \[3, 16\], not \[15, 16\]"):
        fold()
    (tiny / "pytorch_model.bin").write_bytes(b"nothing")
    with pytest.raises(WeightsError, match="damaged or cut short"):
        fold()


def test_safetensors_are_read_first(tiny, module):
    (tiny / "pytorch_model.bin").write_bytes(b"nothing")
    save_esmfold(module, tiny, "model.safetensors")
    assert np.isfinite(fold().xyz).all()


def test_devices(tiny, monkeypatch):
    with pytest.raises(DeviceError, match="not available here"):
        fold_with_esmfold(random_protein(60), "tpu")
    with pytest.raises(FoldError, match="A chunk of 0 rows"):
        fold(chunk_size=0)
    monkeypatch.setattr(esmfold, "choose_device", lambda name: "mps")
    assert check_esmfold(random_protein(60))[0] == "cpu"
    with pytest.raises(DeviceError, match="was not tested on mps"):
        check_esmfold(random_protein(60), "mps")
    assert "60 residues on the CPU: that takes minutes to hours" in slow_device(random_protein(60), "cpu")
    assert slow_device(random_protein(60), "cuda") == ""


def test_it_is_judged_as_other_folds_are():
    protein = find_receptor("GP173").protein
    length = len(protein)
    positions = np.random.default_rng(0).normal(0, 20, (length, 37, 3)).astype(np.float32)
    made = FoldedStructure(protein, positions, np.full(length, 80, np.float32), 0.5, 4, True, "0" * 64, 1.0)
    told = made.as_fold()
    assert (told.origin, told.receptor_class, told.receptor, told.name) == ("esmfold", "A", "GP173", "ESMFold")
    np.testing.assert_array_equal(told.xyz, positions[:, 1])
    np.testing.assert_allclose(told.confidence, 0.8)
    assert "language model in half precision" in made.method
    without = replace(made, protein=random_protein(length)).as_fold()
    assert (without.receptor_class, without.receptor) == ("", "")
    assert "pLDDT" in without.sd_of
    assert not judge(without, positions[:, 1]).numbered


def test_the_order_of_atoms_is_theirs():
    assert residue_constants.atom_types == ATOMS


@pytest.mark.weights
def test_the_real_one(monkeypatch):
    """A receptor whose structure is known; the fold that ESMFold gives has its shape."""
    from allo_core.library.structures import shipped_structure

    monkeypatch.undo()  # weights are looked for where the person who runs this has them
    if locate_folding(REAL) is None:
        pytest.skip("the weights of ESMFold (facebook/esmfold_v1, 8.4 GB) are not on this machine")
    protein = find_receptor("AA2AR").protein.crop(1, 310)
    try:
        check_esmfold(protein)
    except DeviceError as error:
        pytest.skip(str(error))
    found = fold_with_esmfold(protein)
    structure = read_structure(shipped_structure("8FYN").path)
    assert judge(found.as_fold(), ca_positions(structure, map_structure(structure, protein), len(protein))).tm > 0.7
