"""A run is kept, of another version, or damaged: what is said of each, and that nothing of another version is lost unasked."""

import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from allo_core import __version__
from allo_core.errors import OtherVersionError, StoreError
from allo_core.runs import meta as meta_module
from allo_core.runs.column_reducer import ColumnReducer
from allo_core.runs.column_store import ColumnRun, columns_folder, find_column_run, keep_column_run
from allo_core.runs.maps import AttentionMaps
from allo_core.runs.store import RunMeta, damaged_runs, delete_run, find_run, list_runs, other_version_runs, runs_folder
from allo_core.runs.writer import RunWriter
from allo_core.storage.plain_json import OtherVersion
from tests.runs.attention_runs import random_attention, run_meta, write_run

THRESHOLDS = (0.0, 0.3)
# How meta.json may look, and in which words it is said to be that of another version.
BY_THIS = f"by {__version__} "
FOREIGN = {
    "older": (lambda said: with_meta(said, format=0), f"{BY_THIS}in format 0, this version reads 1"),
    "newer with more": (
        lambda said: {"meta": said["meta"] | {"format": 2, "chains": ["A", "B"]}, "alloscope": "0.9.1", "files": {}},
        "by 0.9.1 in format 2, this version reads 1",
    ),
    "newer with little": (lambda said: {"meta": {"format": 7}}, "in format 7, this version reads 1"),
    "newer with other types": (lambda said: with_meta(said, format=2, layers="many"), f"{BY_THIS}in format 2, this version reads 1"),
    "one field more": (
        lambda said: with_meta(said, temperature=1.0),
        f"{BY_THIS}with fields that do not fit this version: 'temperature' is unknown",
    ),
    "one field fewer": (
        lambda said: said | {"meta": {name: value for name, value in said["meta"].items() if name != "dtype"}},
        f"{BY_THIS}with fields that do not fit this version: 'dtype' is missing",
    ),
    "another kind": (
        lambda said: with_meta(said, kind="embeddings", settings={"layers": [3]}),
        f"{BY_THIS}as a run of the kind 'embeddings', which this version does not know",
    ),
    "a setting": (
        lambda said: with_meta(said, settings={"silenced": [[3, 1]]}),
        f"{BY_THIS}with the setting 'silenced', which this version does not know",
    ),
}
HOSTILE = {
    "empty": "",
    "cut": '{"meta": {"model_id": "x',
    "list": "[]",
    "null": "null",
    "text": '"meta"',
    "no meta": "{}",
    "meta is a number": '{"meta": 1}',
    "meta is empty": '{"meta": {}}',
    "brackets without end": "[" * 200_000,
    "brackets inside": '{"meta": ' + '{"format": ' * 100_000,
    "a number of many digits": '{"meta": {"format": ' + "9" * 5000 + "}}",
}
HUGE = 16 << 20  # bytes, more than a description may have once something is added
WRONG = {
    "format": [None, "1", 1.0, True, [], {}],
    "model_id": [None, 3, []],
    "protein_name": [5, {"a": 1}],
    "sequence": [None, 30, ["A"] * 30],
    "versions": ["2", {"torch": 2}, None],
    "layers": ["3", -3, 0, 3.5, 10**30, 10**4000, None],
    "heads": [-4, 0, 10**30, "4"],
    "created": [None, 2025],
    "seconds": ["1", None, []],
    "notes": ["a note", [1], None, {"a": "b"}],
    "kind": [None, 1, ["attention"]],
    "settings": [None, [], "silenced"],
}
BLOCKS = {
    "entries": [-1, 10**30, "5", None, 1.5],
    "offset": [-1, 10**30, "0", None],
    "maps_crc32": ["x", None],
    "entries_crc32": [[], 0.5],
}


@pytest.fixture(scope="module")
def attention():
    return random_attention(3, 4, 32)


@pytest.fixture
def kept(attention):
    return write_run(run_meta(), attention)


def with_meta(said, **changes):
    return said | {"meta": said["meta"] | changes}


def rewrite(maps, change):
    path = maps.folder / "meta.json"
    path.write_text(json.dumps(change(json.loads(path.read_text(encoding="utf-8")))), encoding="utf-8")
    return path.read_bytes()


def states():
    """Keys of the kept, of those of another version, and of the damaged."""
    return [run.key for run in list_runs()], [run.key for run in other_version_runs()], damaged_runs()


def reduced(attention):
    meta = run_meta()
    reducer = ColumnReducer(meta.layers, meta.heads, len(meta.sequence), THRESHOLDS)
    for layer, probabilities in enumerate(attention):
        reducer.add(layer, probabilities, 1)
    return reducer


# --- the three states -------------------------------------------------------------------------------------------------------------------


def test_three_runs_three_states(kept, attention):
    other = write_run(run_meta(model_id="other"), attention)
    damaged = write_run(run_meta(model_id="damaged"), attention)
    rewrite(other, FOREIGN["older"][0])
    (damaged.folder / "sums.f32").unlink()
    assert states() == ([kept.meta.key], [other.meta.key], [damaged.meta.key])
    (run,) = other_version_runs()
    assert run.bytes == sum(file.stat().st_size for file in other.folder.iterdir())
    assert (run.folder, run.reason) == (other.folder, FOREIGN["older"][1])


@pytest.mark.parametrize("name", FOREIGN)
def test_a_run_of_another_version_says_so_and_is_not_called_damaged(kept, name):
    change, reason = FOREIGN[name]
    rewrite(kept, change)
    assert states() == ([], [kept.meta.key], [])
    assert find_run(run_meta()) is None
    with pytest.raises(OtherVersionError) as error:
        AttentionMaps(kept.folder)
    expected = f"was made by another version of AlloScope (written {reason}); run again, or open it with that version."
    assert str(error.value) == f"The kept run in {kept.folder} {expected}"


@pytest.mark.parametrize("name", FOREIGN)
def test_a_run_of_another_version_is_not_replaced_unasked(kept, attention, name):
    before = rewrite(kept, FOREIGN[name][0])
    with pytest.raises(OtherVersionError, match="open it with that version, or delete it and run again"), RunWriter(run_meta()):
        pytest.fail("refused before anything is computed")
    assert (kept.folder / "meta.json").read_bytes() == before
    assert [item.name for item in runs_folder().iterdir()] == [kept.meta.key]
    delete_run(kept.meta.key)
    assert write_run(run_meta(), attention).meta == run_meta()


def test_nor_if_it_comes_while_this_version_computes(attention):
    with RunWriter(run_meta()) as writer:
        for layer in range(3):
            writer.write_layer(layer, attention[layer], 1, 30)
        before = rewrite(write_run(run_meta(), attention), FOREIGN["one field more"][0])
        with pytest.raises(OtherVersionError, match="'temperature' is unknown"):
            writer.commit()
    assert [item.name for item in runs_folder().iterdir()] == [run_meta().key]
    assert (runs_folder() / run_meta().key / "meta.json").read_bytes() == before


def test_a_run_of_another_format_stands_beside_that_of_this_one(kept, attention):
    rewrite(kept, FOREIGN["newer with more"][0])
    kept.folder.rename(runs_folder() / run_meta(format=2).key)
    write_run(run_meta(), attention)
    assert states() == ([run_meta().key], [run_meta(format=2).key], [])


# --- damage -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_description_is_damaged(kept, attention, name):
    (kept.folder / "meta.json").write_text(HOSTILE[name], encoding="utf-8")
    assert_damaged_and_replaced(kept, attention)


def test_a_huge_description_is_damaged_whatever_it_says(kept, attention):
    path = kept.folder / "meta.json"
    path.write_text(path.read_text(encoding="utf-8") + " " * HUGE, encoding="utf-8")
    assert_damaged_and_replaced(kept, attention)


def test_a_missing_description_is_damaged(kept, attention):
    (kept.folder / "meta.json").unlink()
    assert_damaged_and_replaced(kept, attention)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_value_of_a_wrong_type_or_size_is_damaged(kept, attention, name, value):
    rewrite(kept, lambda said: with_meta(said, **{name: value}))
    assert_damaged_and_replaced(kept, attention)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BLOCKS.items() for value in values])
def test_a_block_that_is_none_is_damaged(kept, attention, name, value):
    rewrite(kept, lambda said: said | {"layers": [*said["layers"][:2], said["layers"][2] | {name: value}]})
    assert_damaged_and_replaced(kept, attention)


@pytest.mark.parametrize(
    "change",
    [{"special_share": [["a"] * 4] * 3}, {"special_share": [[0.1] * 4] * 2}, {"special_share": 1}, {"sums_crc32": "1"}, {"layers": {}}],
)
def test_other_parts_that_are_wrong_are_damaged(kept, attention, change):
    rewrite(kept, lambda said: said | change)
    assert_damaged_and_replaced(kept, attention)


def assert_damaged_and_replaced(kept, attention):
    assert states() == ([], [], [kept.meta.key])
    with pytest.raises(StoreError, match="is damaged") as error:
        AttentionMaps(kept.folder)
    assert not isinstance(error.value, OtherVersionError)
    again = write_run(run_meta(), attention)
    assert states() == ([again.meta.key], [], [])


def test_negative_entries_that_add_up_are_damaged(kept, attention):
    """Two layers that borrow from each other leave the sizes of all files right."""

    def change(said):
        first, second, third = said["layers"]
        lent = first["entries"] + 1
        return said | {"layers": [first | {"entries": -1}, second | {"entries": second["entries"] + lent}, third]}

    rewrite(kept, change)
    assert_damaged_and_replaced(kept, attention)


# --- kinds and settings -----------------------------------------------------------------------------------------------------------------


def test_kind_and_settings_are_part_of_the_key(monkeypatch):
    monkeypatch.setitem(meta_module._SETTINGS, "attention", frozenset({"silenced", "second_chain"}))
    monkeypatch.setitem(meta_module._SETTINGS, "embeddings", frozenset({"layers"}))
    metas = [
        run_meta(),
        run_meta(settings={"silenced": [[3, 1]]}),
        run_meta(settings={"silenced": [[3, 2]]}),
        run_meta(settings={"second_chain": "ACDE"}),
        run_meta(kind="embeddings"),
        run_meta(kind="embeddings", settings={"layers": [0, 3]}),
    ]
    assert len({meta.key for meta in metas}) == len(metas)
    assert run_meta(settings={}).key == run_meta(kind="attention").key == run_meta().key
    both = run_meta(settings={"silenced": [[3, 1]], "second_chain": "A"})
    assert both.key == run_meta(settings={"second_chain": "A", "silenced": [[3, 1]]}).key
    assert {"kind", "settings"} <= metas[1].to_json().keys() & metas[4].to_json().keys()
    assert not {"kind", "settings"} & run_meta().to_json().keys()


def test_a_run_with_settings_is_kept_and_found_beside_the_plain_one(monkeypatch, attention):
    monkeypatch.setitem(meta_module._SETTINGS, "attention", frozenset({"silenced"}))
    plain, silenced = run_meta(), run_meta(settings={"silenced": [[0, 1], [2, 3]]})
    changed = attention.clone()
    changed[0, 1] = 1 / 32
    write_run(plain, attention)
    write_run(silenced, changed)
    assert RunMeta.from_json(json.loads(json.dumps(silenced.to_json()))) == silenced
    assert find_run(silenced).meta == silenced
    assert find_run(plain).meta == plain
    assert not np.array_equal(find_run(silenced)[0, 1], find_run(plain)[0, 1])
    assert {run.key for run in list_runs()} == {plain.key, silenced.key}


def test_an_unknown_kind_or_setting_cannot_be_asked_for():
    with pytest.raises(ValueError, match="the kind 'folds'"):
        run_meta(kind="folds")
    with pytest.raises(ValueError, match="the setting 'silenced'"):
        run_meta(settings={"silenced": []})


def test_fields_that_came_later_may_be_missing_and_no_others():
    values = json.loads(json.dumps(run_meta().to_json()))
    assert RunMeta.from_json(values) == RunMeta.from_json(values | {"kind": "attention", "settings": {}}) == run_meta()
    for name in values:
        error = ValueError if name == "format" else OtherVersion
        with pytest.raises(error):
            RunMeta.from_json({other: value for other, value in values.items() if other != name})


# --- columns ----------------------------------------------------------------------------------------------------------------------------


def rewrite_columns(change):
    (path,) = columns_folder().iterdir()
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, change(content) if name == "meta.json" else content)
    return path


@pytest.mark.parametrize("name", FOREIGN)
def test_columns_of_another_version_say_so_and_are_not_replaced_unasked(attention, name):
    change, reason = FOREIGN[name]
    reducer = reduced(attention)
    keep_column_run(run_meta(), reducer)
    path = rewrite_columns(lambda content: json.dumps(change(json.loads(content))))
    before = path.read_bytes()
    assert find_column_run(run_meta(), THRESHOLDS) is None
    with pytest.raises(OtherVersionError) as error:
        ColumnRun(path)
    assert f"made by another version of AlloScope (written {reason}); delete the file and run again" in str(error.value)
    with pytest.raises(OtherVersionError, match="another version"):
        keep_column_run(run_meta(), reducer)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", HOSTILE)
def test_columns_with_a_hostile_description_are_damaged(attention, name):
    reducer = reduced(attention)
    keep_column_run(run_meta(), reducer)
    path = rewrite_columns(lambda content: HOSTILE[name])
    with pytest.raises(StoreError, match="cannot be read") as error:
        ColumnRun(path)
    assert not isinstance(error.value, OtherVersionError)
    assert find_column_run(run_meta(), THRESHOLDS) is None
    keep_column_run(run_meta(), reducer)
    assert find_column_run(run_meta(), THRESHOLDS) is not None


def test_columns_with_a_huge_description_are_damaged(attention):
    keep_column_run(run_meta(), reduced(attention))
    path = rewrite_columns(lambda content: content + b" " * HUGE)
    with pytest.raises(StoreError, match=r"meta\.json has \d+ bytes"):
        ColumnRun(path)


@pytest.mark.parametrize("change", [{"thresholds": ["much"]}, {"thresholds": 3}, {"thresholds": [10**400]}, {"special_share": [[[]]]}])
def test_columns_with_wrong_parts_are_damaged(attention, change):
    keep_column_run(run_meta(), reduced(attention))
    rewrite_columns(lambda content: json.dumps(json.loads(content) | change))
    assert find_column_run(run_meta(), THRESHOLDS) is None


def test_columns_of_a_run_with_settings_are_others(monkeypatch, attention):
    monkeypatch.setitem(meta_module._SETTINGS, "attention", frozenset({"silenced"}))
    keep_column_run(run_meta(), reduced(attention))
    silenced = replace(run_meta(), settings={"silenced": [[0, 1]]})
    assert find_column_run(silenced, THRESHOLDS) is None
    keep_column_run(silenced, reduced(attention))
    assert find_column_run(silenced, THRESHOLDS).meta == silenced
    assert len(list(columns_folder().iterdir())) == 2
