"""What was kept before runs had kinds is opened, never computed anew; tests/data/before_kinds says how it was made."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from allo_core.batch.folder import read_metadata, writing
from allo_core.models.language_model import ProteinLanguageModel, random_module
from allo_core.models.registry import MODELS
from allo_core.models.weights import WeightsState
from allo_core.protein.sequence import Protein
from allo_core.runs import extract
from allo_core.runs.column_store import columns_folder, find_column_run
from allo_core.runs.extract import extract_attention
from allo_core.runs.extract_columns import extract_columns
from allo_core.runs.store import damaged_runs, find_run, list_runs, other_version_runs, runs_folder
from allo_core.runs.writer import RunWriter
from tests.conftest import REPOSITORY
from tests.runs.attention_runs import run_meta

KEPT = REPOSITORY / "tests/data/before_kinds"
KEY = "796a15670e61c658c7f4c96d3b94260e9e23dfe3d32963b719f2ef9292021166"
VERSIONS = {"torch": "2.13.0+cpu", "transformers": "5.23.0"}
THRESHOLDS = (0.0, 0.3)
# What that commit said of it: arcs and column weights of each head.
ARCS = {0.05: [[29, 26], [23, 32]], 0.3: [[23, 22], [21, 20]]}
WEIGHTS = {
    0: [[19.783744122016238, 19.910659493434572], [14.836223357848521, 18.01921634500286]],
    0.05: [[19.638888332992792, 19.83909909427166], [14.509359456598759, 17.763465963304043]],
    0.3: [[18.88179647922516, 18.944123774766922], [14.26277506351471, 16.095659881830215]],
}
PROTEIN = Protein("another name", "MPIMGSSVYITVELAIAVLA")


@pytest.fixture
def kept(own_home, monkeypatch):
    """A home with that run in it, on a machine that has those versions."""
    for folder in ("runs", "columns"):
        shutil.copytree(KEPT / folder, own_home / folder)
    monkeypatch.setattr(extract, "library_versions", lambda: VERSIONS)
    return own_home


@pytest.fixture
def model():
    """One like that model, which cannot compute: its weights are not those of the run, and asking it for attention is an error."""
    spec = replace(MODELS["esm2_t6_8M_UR50D"], layers=2, heads=2, width=16, feed_forward=32)
    weights = WeightsState("found", None, "elsewhere", "CC0-1.0", 0, "transformers")
    model = ProteinLanguageModel(spec, random_module(spec, seed=1), "float32", weights, "7" * 64)
    model.attention = None
    return model


def meta_now():
    return run_meta(
        20, 2, 2, model_id="esm2_t6_8M_UR50D", weights_sha256="7" * 64, sequence=PROTEIN.sequence, versions=VERSIONS, protein_name="x"
    )


def test_the_key_is_what_it_was():
    assert meta_now().key == KEY


def test_a_run_is_opened_with_the_numbers_it_had(kept, model):
    maps = extract_attention(model, PROTEIN)
    assert maps.meta.key == KEY
    assert (maps.meta.protein_name, maps.meta.notes) == ("made before", ("a note of the device: café",))
    assert (maps.meta.kind, maps.meta.settings) == ("attention", {})
    for threshold, expected in WEIGHTS.items():
        np.testing.assert_allclose(maps.columns(threshold).weights.sum(axis=-1), expected, rtol=1e-12)
    for threshold, expected in ARCS.items():
        assert maps.columns(threshold).arcs.sum(axis=-1).tolist() == expected
    np.testing.assert_allclose(maps[1, 0].sum(), WEIGHTS[0][1][0], rtol=1e-3)  # float16
    assert [run.key for run in list_runs()] == [KEY]
    assert other_version_runs() == damaged_runs() == []


def test_columns_are_opened_with_the_numbers_they_had(kept, model):
    run = extract_columns(model, PROTEIN, THRESHOLDS)
    for threshold in THRESHOLDS:
        np.testing.assert_allclose(run.columns(threshold).weights.sum(axis=-1), WEIGHTS[threshold], rtol=1e-6)
    assert find_column_run(meta_now(), THRESHOLDS) is not None
    assert len(list(columns_folder().iterdir())) == 1


def test_a_plain_run_is_written_as_it_was(kept):
    """With the fields of before and no others, because that version took any other set of fields for damage."""
    before = find_run(KEY)
    meta, folder = before.meta, before.folder
    old = {path.name: path.read_bytes() for path in folder.iterdir()}
    attention = np.stack([[np.pad(before[layer, head], 1) for head in range(2)] for layer in range(2)])
    shutil.rmtree(folder)
    import torch

    with RunWriter(meta) as writer:
        for layer in range(2):
            rest = torch.tensor(attention[layer])
            rest[..., 0] = 1 - rest.sum(dim=-1)  # whatever does not go to residues goes to the first token
            writer.write_layer(layer, rest, 1, 20)
        writer.commit()
    new = {path.name: path.read_bytes() for path in (runs_folder() / KEY).iterdir()}
    assert new.keys() == old.keys()
    assert new["maps.f16"] == old["maps.f16"]
    written, before = (json.loads(files["meta.json"]) for files in (new, old))
    assert json.dumps(written["meta"]) == json.dumps(before["meta"])
    assert set(written) == {*before, "alloscope"}  # that version passed over what stands beside its four parts
    for parts in (written["layers"], before["layers"]):
        assert {frozenset(block) for block in parts} == {frozenset({"offset", "entries", "maps_crc32", "entries_crc32"})}


def test_a_batch_is_gone_on_with(tmp_path):
    folder = tmp_path / "batch"
    shutil.copytree(KEPT / "batch", folder)
    before = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
    settings = read_metadata(folder).settings
    assert (settings.thresholds, settings.sites, settings.versions) == (THRESHOLDS, "5-9", VERSIONS)
    with writing(folder, settings, "made.fasta", 3) as run:
        assert run == 2
    text = (folder / "metadata.json").read_text(encoding="utf-8")
    assert text == json.dumps(before | {"runs": 2}, indent=2, ensure_ascii=False) + "\n"
