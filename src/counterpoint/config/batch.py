"""Resolves millions of units at once, bit for bit as `resolve` resolves one."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from counterpoint.assignment import N_BUCKETS, Audience, Column, UnitColumn, column, members, unit_column
from counterpoint.config.compiled import CompiledSnapshot
from counterpoint.config.parts import Candidate, Holdout, Line, Program, Rule
from counterpoint.config.reads import Read
from counterpoint.config.standing import filled, held_by
from counterpoint.errors import InvalidInput, NotFound

Mask: TypeAlias = npt.NDArray[np.bool_]
Codes: TypeAlias = npt.NDArray[np.int32]
NOT_ENROLLED = -1


class BatchConfig:
    """The values of many units; each column is computed when it is asked for, and kept.

    Nothing here is an exposure: a batch asks what would be, it serves nobody.
    """

    def __init__(
        self,
        compiled: CompiledSnapshot,
        units: Sequence[str | None],
        columns: Mapping[str, Column | npt.NDArray[Any] | Sequence[Any]],
        other_units: Mapping[str, Sequence[str | None]],
    ) -> None:
        self._compiled = compiled
        self._units: dict[str | None, UnitColumn] = {None: unit_column(units)}
        self._units.update({unit: unit_column(identifiers) for unit, identifiers in other_units.items()})
        self.n = self._units[None].n
        self._columns = {key: column(cells) for key, cells in columns.items()}
        self._buckets: dict[str | None, npt.NDArray[np.int64]] = {}
        self._members: dict[str, Mask] = {}
        self._variants: dict[str, npt.NDArray[np.int16]] = {}
        for name, cells in [(key, len(found.codes)) for key, found in self._columns.items()] + [
            (str(unit), found.n) for unit, found in self._units.items()
        ]:
            if cells != self.n:
                raise InvalidInput("wrong_length", f"the column has {cells} rows in place of {self.n}", where=name)

    def variants(self, experiment: str) -> npt.NDArray[np.int16]:
        """Return the place of each unit's variant of `experiment`, -1 where it is not enrolled.

        Raises:
            NotFound: `unknown_experiment`.
        """
        for candidate in self._compiled.candidates:
            if candidate.spec.key == experiment:
                if not candidate.is_live:
                    return np.full(self.n, NOT_ENROLLED, dtype=np.int16)
                return self._variants_of(candidate)
        raise NotFound("unknown_experiment", f"no live experiment is called {experiment[:80]!r}")

    def reads(self, parameter: str) -> tuple[Codes, tuple[Read, ...]]:
        """Return the read of `parameter` that each unit would make: row `i` reads `reads[codes[i]]`.

        Raises:
            NotFound: `unknown_parameter`.
        """
        program = self._compiled.programs.get(parameter)
        if program is None:
            raise NotFound("unknown_parameter", f"the surface has no parameter {parameter[:80]!r}")
        found: list[Read] = [program.default]
        codes = np.zeros(self.n, dtype=np.int32)
        for rule, read in reversed(program.rules):
            codes[self._matching(rule)] = len(found)
            found.append(read)
        base, n_base = codes.copy(), len(found)
        # From the weakest claim to the strongest, each overwriting the one before.
        asleep = [line for line in program.lines if not line.candidate.is_live]
        awake = [line for line in program.lines if line.candidate.is_live]
        for line in (*reversed(asleep), *reversed(program.special), *reversed(awake)):
            self._apply(line, codes, base, n_base, found)
        for holdout in reversed(program.holdouts):
            self._hold(holdout, program, codes, base, n_base, found)
        return codes, tuple(found)

    def values(self, parameter: str) -> npt.NDArray[Any]:
        """Return the value of `parameter` for each unit.

        Raises:
            NotFound: `unknown_parameter`.
        """
        codes, found = self.reads(parameter)
        is_text = isinstance(found[0].value, str)
        return np.array([read.value for read in found], dtype=object if is_text else None)[codes]

    def _apply(self, line: Line, codes: Codes, base: Codes, n_base: int, found: list[Read]) -> None:
        variants = self._variants_of(line.candidate)
        rows = np.flatnonzero(variants >= 0)
        table = np.zeros((len(line.reads), n_base), dtype=np.int32)
        for place, read in enumerate(line.reads):
            for start in range(n_base):
                table[place, start] = len(found)
                found.append(filled(read, found[start]))
        codes[rows] = table[variants[rows], base[rows]]

    def _hold(
        self, holdout: Holdout, program: Program, codes: Codes, base: Codes, n_base: int, found: list[Read]
    ) -> None:
        shipped = np.arange(n_base, dtype=np.int32) + len(found)
        found.extend(replace(found[start], holdout=holdout.spec.key) for start in range(n_base))
        rows = np.flatnonzero(self._owned(holdout.shipped_only, holdout.unit, holdout.bucket_seed))
        codes[rows] = shipped[base[rows]]
        mine = self._owned(holdout.status_quo, holdout.unit, holdout.bucket_seed)
        rules = [rule for rule in holdout.rules if program.key in rule.spec.set]
        codes[mine] = len(found)
        found.append(held_by(holdout, None, program.key))
        for rule in reversed(rules):
            codes[mine & self._matching(rule)] = len(found)
            found.append(held_by(holdout, rule, program.key))

    def _variants_of(self, candidate: Candidate) -> npt.NDArray[np.int16]:
        known = self._variants.get(candidate.spec.key)
        if known is not None:
            return known
        variants = np.full(self.n, NOT_ENROLLED, dtype=np.int16)
        enrolled = self._owned(candidate.bits, candidate.unit, candidate.bucket_seed)
        for holdout in candidate.kept_out:
            for half in (holdout.status_quo, holdout.shipped_only):
                enrolled &= ~self._owned(half, holdout.unit, holdout.bucket_seed)
        if candidate.audience is not None:
            enrolled = enrolled & self._of(candidate.audience)
        rows = np.flatnonzero(enrolled)
        if len(rows):
            points = self._units[candidate.unit].among(rows).points(candidate.seed, candidate.total)
            variants[rows] = np.searchsorted(np.array(candidate.bounds), points, side="right")
        self._variants[candidate.spec.key] = variants
        return variants

    def _owned(self, bits: bytes, unit: str | None, seed: int) -> Mask:
        units = self._units.get(unit)
        if units is None:
            return np.zeros(self.n, dtype=np.bool_)
        buckets = self._buckets.get(unit)
        if buckets is None:
            buckets = self._buckets[unit] = units.points(seed, N_BUCKETS)
        owned = np.unpackbits(np.frombuffer(bits, dtype=np.uint8), bitorder="little").view(np.bool_)
        return np.asarray(owned.take(buckets) & units.present, dtype=np.bool_)

    def _matching(self, rule: Rule) -> Mask:
        # A rule that cannot be evaluated answers for everyone who comes to it: baseline, reason ERROR.
        return np.ones(self.n, dtype=np.bool_) if rule.audience is None else self._of(rule.audience)

    def _of(self, audience: Audience) -> Mask:
        known = self._members.get(audience.text)
        if known is None:
            known = self._members[audience.text] = members(audience, self._columns, self.n)
        return known


def resolve_batch(
    compiled: CompiledSnapshot,
    units: Sequence[str | None],
    columns: Mapping[str, Column | npt.NDArray[Any] | Sequence[Any]],
    *,
    other_units: Mapping[str, Sequence[str | None]] | None = None,
) -> BatchConfig:
    """Return the configuration of many units, computed column by column as it is asked for.

    Args:
        compiled: The snapshot that decides.
        units: Identifiers of the surface's own unit; None or empty gives the baseline.
        columns: Attribute -> one value per unit, None where it is missing; numpy arrays and `Column`s are fastest.
        other_units: Unit type -> identifiers, one per unit, for experiments that hash another unit.

    Raises:
        InvalidInput: `wrong_length` when columns differ in their number of rows.
    """
    return BatchConfig(compiled, units, columns, other_units or {})
