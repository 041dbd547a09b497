"""Strain taken out of a whole structure by a force field: bonds, angles and clashes; no other fold is looked for."""

from __future__ import annotations

import importlib
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from biotite.structure import AtomArray

from allo_core.errors import Cancelled, ExtraError, FoldError
from allo_core.folding.fold_files import CHAIN, atom_lines, pdb_file, remark_lines
from allo_core.protein.sequence import AMINO_ACIDS
from allo_core.structure.read import Structure, read_structure
from allo_core.structure.residue_names import three_letters

if TYPE_CHECKING:
    from allo_core.storage.cancel import CancelEvent

__all__ = ["Relaxed", "relax", "require_openmm"]

# As AlphaFold relaxes its models (Jumper et al. 2021, supplement 1.8.6), with a later force field of the same family.
_FORCE_FIELD = "amber14/protein.ff14SB.xml"
_STIFFNESS = 10.0  # kcal/mol/Å², of heavy atoms to their places
_TOLERANCE = 2.39  # kcal/mol/nm, root mean square of the forces at which it ends
_CUTOFF = 2.0  # nm
_ACIDITY = 7.0  # pH, by which hydrogens are added
_CALORIE, _ANGSTROM = 4.184, 0.1  # in J and nm
_STRAINED, _HELD = 0, 1  # groups of forces: those of the force field, and those that hold heavy atoms


@dataclass(frozen=True)
class Relaxed:
    """A relaxed structure.

    Parameters
    ----------
    pdb_text : str
        With hydrogens; header and B factors as they were, and a REMARK 6 that says what was done.
    energy_before, energy_after : float
        Of the force field in vacuum, kcal/mol, hydrogens added; differences alone mean something.
    moved : float
        RMSD of the CA from where they were, Å, without superposition.
    """

    pdb_text: str = field(repr=False)
    energy_before: float
    energy_after: float
    moved: float

    @property
    def sentence(self) -> str:
        """What was done, and what came of it."""
        return _sentence(self.energy_before, self.energy_after, self.moved)


def relax(pdb_text: str, cancel: CancelEvent | None = None) -> Relaxed:
    """Minimise the energy of a structure with all heavy atoms, each held near its place.

    Parameters
    ----------
    pdb_text : str
        One chain of the twenty amino acids, as `FoldedStructure.pdb_text`.
    cancel : CancelEvent, optional
        Asked at each step of the descent; adding hydrogens before it takes seconds.

    Raises
    ------
    ExtraError
        OpenMM or PDBFixer is not installed.
    FoldError
        A CA trace, other residues, or atoms that the force field cannot compute.
    StructureError
        Text that is no structure.
    Cancelled
    """
    structure = read_structure(pdb_text.encode(), "the structure")
    _check(structure)
    require_openmm()
    from openmm import OpenMMException  # pyright: ignore[reportMissingImports] - an extra
    from pdbfixer import PDBFixer  # pyright: ignore[reportMissingImports] - an extra

    try:
        fixer = PDBFixer(pdbfile=io.StringIO(pdb_text))
        fixer.missingResidues = {}
        fixer.findMissingAtoms()
        fixer.addMissingAtoms(seed=1)  # the second oxygen at the end of the chain
        fixer.addMissingHydrogens(_ACIDITY)
        before, after, xyz = _minimised(fixer, cancel)
    except (OpenMMException, ValueError, ArithmeticError) as error:
        raise FoldError(f"OpenMM cannot relax this structure ({_first_line(error)}); use it as it is.") from error
    atoms = _atoms(fixer.topology, xyz, structure)
    was = structure.atoms[structure.atoms.atom_name == "CA"].coord
    moved = float(np.sqrt(((atoms.coord[atoms.atom_name == "CA"] - was) ** 2).sum(axis=1).mean()))
    header = [line for line in pdb_text.splitlines() if line.startswith(("TITLE", "EXPDTA", "REMARK"))]
    lines = [*header, *remark_lines(_sentence(before, after, moved)), *atom_lines(atoms)]
    return Relaxed(pdb_file(lines), before, after, moved)


def require_openmm() -> None:
    """ExtraError, with what to install, where OpenMM or PDBFixer is not installed."""
    for name in ("openmm", "pdbfixer"):
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise ExtraError("Relaxing a structure needs OpenMM and PDBFixer: pip install '.[relax]'.") from error


def _check(structure: Structure) -> None:
    """Refuse what has no side chains, or residues without parameters, before anything is looked for."""
    if structure.trace:
        raise FoldError(
            "A CA trace cannot be relaxed: it has no backbone and no side chains whose strain could be taken out; relax a structure "
            "with all atoms, as --from esmfold gives."
        )
    atoms = structure.atoms
    known = [three_letters(letter) for letter in AMINO_ACIDS]
    strange = np.flatnonzero(~np.isin(atoms.res_name, known))
    if len(strange):
        where = int(strange[0])
        raise FoldError(
            f"The force field knows the twenty amino acids alone, and residue {atoms.res_id[where]} is {atoms.res_name[where]}; "
            "use the structure as it is."
        )
    if len(np.unique(atoms.chain_id)) > 1:
        raise FoldError("One chain can be relaxed at a time; give the structure of one.")


def _minimised(fixer: Any, cancel: CancelEvent | None) -> tuple[float, float, np.ndarray]:
    """Energies before and after in kcal/mol, and places [atoms, 3] in Å."""
    import openmm  # pyright: ignore[reportMissingImports] - an extra
    from openmm import app  # pyright: ignore[reportMissingImports] - an extra

    kilocalorie, nanometer = openmm.unit.kilocalories_per_mole, openmm.unit.nanometer
    system = app.ForceField(_FORCE_FIELD).createSystem(
        fixer.topology, nonbondedMethod=app.CutoffNonPeriodic, nonbondedCutoff=_CUTOFF * nanometer, constraints=app.HBonds
    )
    for force in system.getForces():
        force.setForceGroup(_STRAINED)
    system.addForce(_holding(openmm, fixer))
    simulation = app.Simulation(fixer.topology, system, openmm.VerletIntegrator(0.001))
    context = simulation.context
    context.setPositions(fixer.positions)

    class Stop(openmm.MinimizationReporter):
        def report(self, *_: Any) -> bool:
            return cancel is not None and cancel.is_set()

    def energy() -> float:
        state = context.getState(getEnergy=True, groups=1 << _STRAINED)
        value = float(state.getPotentialEnergy().value_in_unit(kilocalorie))
        if not np.isfinite(value):
            raise ValueError("its energy is not finite: atoms lie on one another")
        return value

    before = energy()
    simulation.minimizeEnergy(tolerance=_TOLERANCE * _CALORIE, reporter=Stop())
    if cancel is not None and cancel.is_set():
        raise Cancelled
    places = context.getState(getPositions=True).getPositions(asNumpy=True).value_in_unit(nanometer)
    return before, energy(), np.asarray(places) / _ANGSTROM


def _holding(openmm: Any, fixer: Any) -> Any:
    """Springs between heavy atoms and their places: k/2 |x - x0|², as AlphaFold has them."""
    force = openmm.CustomExternalForce("0.5*k*((x-x0)^2+(y-y0)^2+(z-z0)^2)")
    force.addGlobalParameter("k", _STIFFNESS * _CALORIE / _ANGSTROM**2)
    for axis in "xyz":
        force.addPerParticleParameter(f"{axis}0")
    for atom, place in zip(fixer.topology.atoms(), fixer.positions, strict=True):
        if atom.element.symbol != "H":
            force.addParticle(atom.index, place)
    force.setForceGroup(_HELD)
    return force


def _atoms(topology: Any, xyz: np.ndarray, structure: Structure) -> AtomArray:
    """The atoms of a topology at these places, with the B factor that their residue had."""
    listed = list(topology.atoms())
    atoms = AtomArray(len(listed))
    atoms.coord = xyz.astype(np.float32)
    atoms.chain_id[:] = CHAIN
    atoms.res_id = np.array([int(atom.residue.id) for atom in listed])
    atoms.res_name = np.array([atom.residue.name for atom in listed])
    atoms.atom_name = np.array([atom.name for atom in listed])
    atoms.element = np.array([atom.element.symbol.upper() for atom in listed])
    had = dict(zip(structure.atoms.res_id.tolist(), structure.atoms.b_factor.tolist(), strict=True))
    atoms.set_annotation("b_factor", np.array([had[number] for number in atoms.res_id.tolist()]))
    return atoms


def _sentence(before: float, after: float, moved: float) -> str:
    return (
        f"Relaxed by OpenMM with Amber ff14SB in vacuum, heavy atoms held: from {before:,.0f} to {after:,.0f} kcal/mol, CA moved by "
        f"{moved:.2f} Å; this takes out strain and makes no fold better."
    )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120].rstrip(".")
