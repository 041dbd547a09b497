"""Whether two checkouts of AlloScope give the same results, byte for byte.

    python benchmarks/same_outputs.py OTHER_CHECKOUT [--page]

Both run the same commands with this Python, each with a cache folder of its own: scores, records, coloured structures and scripts of two
receptors and of a third one's 7TM domain under each null and for a coupling, the runs on the disk, a set of receptors with its controls,
and a batch.  With --page a real Chromium also takes the archive of Explore from each.  Times and dates are left out of the comparison.
Prints one line a file with its sha256 (the beginning), and ends with 1 if any differs.  Takes a few minutes.
"""

import argparse
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

RECORDS = (">sp|P29274|AA2AR_HUMAN", ">sp|P07550|ADRB2_HUMAN", ">domain of GRM5")
_WHEN = ("created", "seconds", "device_seconds")
_VERSION = "alloscope"  # the meta.json of a run names it since runs are of several kinds; nothing is computed from it


def commands(out: Path) -> list[list[str]]:
    """What is run, with files that lie in `out`."""

    def files(name: str, *kinds: str) -> list[str]:
        return [word for kind in kinds for word in (f"--{kind}", str(out / f"{name}.{kind}"))]

    coloured = ("csv", "json", "cif", "pymol", "chimerax")
    analyse = [
        ["AA2AR", "--sites", "sodium pocket", "--structure", "8FYN", *files("aa2ar", *coloured)],
        ["AA2AR", "--sites", "sodium pocket", "--null", "uniform", "--threshold", "0", *files("aa2ar_uniform_0", "csv", "json")],
        ["AA2AR", "--sites", "2.50 3x39 7.49", "--null", "published", "--threshold", "0.1", *files("aa2ar_published", "csv", "json")],
        ["ADRB2", "--sites", "sodium pocket", "--structure", "3SN6", "--head", "3.6", *files("adrb2", *coloured)],
        [
            *("ADRB2", "--sites", "sodium pocket", "--sites-b", "D130 R131 F139 Y141", "--measure", "AB", "--threshold", "0.05"),
            *files("adrb2_coupling", "csv", "json"),
        ],
        ["GRM5", "--domain", "--sites", "3x36 3x40 6x50 7x40", *files("grm5", "csv", "json")],
        ["GRM5", "--domain", "--sites", "600-640", "--null", "uniform", "--draws", "50000", *files("grm5_stretch", "csv", "json")],
    ]
    compare = ["--library", "allosteric", "--shuffled"]
    for name in ("csv", "matrix", "members", "profile"):
        compare += [f"--{name}", str(out / f"allosteric_{name}.csv")]
    batch = [str(out / "sequences.fasta"), "--out", str(out / "batch"), "--sites", "2.50 3.39 7.49"]
    return [
        *(["analyse", *words] for words in analyse),
        ["compare", *compare, "--json", str(out / "allosteric.json")],
        ["batch", *batch],
    ]


def outputs(checkout: Path, page: bool) -> dict[str, bytes]:
    """Everything that one checkout gives, by name."""
    with tempfile.TemporaryDirectory(prefix="alloscope-outputs-") as folder:
        home, out = Path(folder) / "home", Path(folder) / "out"
        home.mkdir()
        out.mkdir()
        _write_sequences(out / "sequences.fasta")
        environment = os.environ | {"ALLOSCOPE_HOME": str(home), "PYTHONPATH": str(checkout)}
        found = {}
        for number, words in enumerate(commands(out)):
            done = subprocess.run(
                [sys.executable, "-m", "allo_core", *words], cwd=checkout, env=environment, capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise SystemExit(f"{checkout}: {' '.join(words)} failed:\n{done.stderr}")
            found[f"printed {number} {words[0]}"] = _without_folder(done.stdout.encode(), folder)
        found |= {f"file {path.name}": _content(path, folder) for path in out.iterdir() if path.is_file()}
        found |= {f"batch {name}": text for name, text in _batch(out / "batch").items()}
        for path in sorted((home / "runs").glob("*/*")):
            found[f"run {path.parent.name[:12]} {path.name}"] = _content(path, folder)
        if page:
            found |= {f"archive {name}": content for name, content in _archive(checkout, home).items()}
        return found


def _write_sequences(path: Path) -> None:
    from allo_core import Protein  # of this checkout; the sequences are the library's
    from allo_core.library.nearest import numbers_for, seven_tm_domain
    from allo_core.library.receptors import find_receptor

    grm5: Protein = find_receptor("GRM5").protein
    domain = seven_tm_domain(grm5, numbers_for(grm5))
    assert domain is not None
    proteins = (find_receptor("AA2AR").protein, find_receptor("ADRB2").protein, domain)
    path.write_text("".join(f"{title}\n{protein.sequence}\n" for title, protein in zip(RECORDS, proteins, strict=True)), encoding="utf-8")


def _content(path: Path, folder: str) -> bytes:
    content = path.read_bytes()
    left_out = (*_WHEN, _VERSION) if path.name == "meta.json" else _WHEN
    return _without_folder(_untimed(content, left_out) if path.suffix == ".json" else content, folder)


def _without_folder(content: bytes, folder: str) -> bytes:
    return content.replace(folder.encode(), b"FOLDER")


def _untimed(content: bytes, left_out: tuple[str, ...] = _WHEN) -> bytes:
    """JSON text without the times in it."""

    def cleaned(value):
        if isinstance(value, dict):
            return {key: cleaned(item) for key, item in value.items() if key not in left_out}
        return [cleaned(item) for item in value] if isinstance(value, list) else value

    return json.dumps(cleaned(json.loads(content))).encode()


def _batch(folder: Path) -> dict[str, bytes]:
    """The tables of a batch as text, without the times in them."""
    import pandas as pd

    tables = {}
    for path in sorted(folder.rglob("*.parquet")):
        frame = pd.read_parquet(path).drop(columns=["seconds"], errors="ignore")
        tables.setdefault(path.parent.name, []).append(frame.to_json(orient="records", double_precision=15))
    return {name: "\n".join(sorted(parts)).encode() for name, parts in tables.items()}


def _archive(checkout: Path, home: Path) -> dict[str, bytes]:
    """The files of the archive that Explore offers, as a browser gets it."""
    import shutil

    from playwright.sync_api import sync_playwright

    from tests.browser import driving
    from tests.browser.conftest import FLAGS, App, new_page

    app = App(home, checkout)
    app.start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=os.environ.get("ALLOSCOPE_CHROMIUM") or shutil.which("chromium"), args=FLAGS
            )
            page = new_page(browser)
            driving.open_page(page, f"{app.url}/?protein=ADRB2&structure=4LDO&threshold=0.05&sites_b=D130,R131,F139,Y141&head=2.6")
            driving.open_tab(page, "Downloads")
            page.get_by_role("button", name="Slide, PNG").wait_for(timeout=driving.WAIT)
            driving.rest(page)
            with page.expect_download() as waiting:
                page.get_by_role("button", name="Everything, ZIP").click()
            archive = zipfile.ZipFile(io.BytesIO(waiting.value.path().read_bytes()))
            browser.close()
    finally:
        app.stop()
    return {name: _untimed(archive.read(name)) if name.endswith(".json") else archive.read(name) for name in sorted(archive.namelist())}


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare what two checkouts give.")
    parser.add_argument("other", type=Path)
    parser.add_argument("--page", action="store_true", help="also the archive of Explore")
    options = parser.parse_args()
    here, there = (outputs(checkout, options.page) for checkout in (ROOT, options.other.resolve()))
    differing = 0
    for name in sorted(here.keys() | there.keys()):
        mine, its = here.get(name), there.get(name)
        same = mine == its
        differing += not same
        digest = hashlib.sha256(mine or b"").hexdigest()[:16]
        print(f"{'same     ' if same else 'DIFFERENT'}  {digest}  {len(mine or b''):>11,} bytes  {re.sub(r'[^ -~]', '?', name)}")
    print(f"{len(here)} here, {len(there)} there, {differing} differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
