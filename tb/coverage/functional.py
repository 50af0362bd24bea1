# SPDX-License-Identifier: Apache-2.0
"""Functional coverage: which of the jobs that the specification promises to run have been run, and compared.

    coverage = FunctionalCoverage()
    coverage.sample(JobSample(config, job, flags=flags, ...))  # once for each hardware job that has ended
    coverage.save(path)

`tb.coverage.groups` holds the model: groups of bins. What cannot happen stands in `exclusions.yaml`, with its reason.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from tb.coverage.files import write_whole
from tb.coverage.groups import GROUPS, Group
from tb.coverage.sample import JobSample, data_classes, relations

__all__ = ["FunctionalCoverage", "JobSample", "data_classes", "relations"]


class FunctionalCoverage:
    """Bins and how often each was hit.

    Attributes:
        groups: the model, by name.
        hits: group -> bin (values of the axes, separated by a space) -> count.
    """

    def __init__(self, groups: Sequence[Group] = GROUPS) -> None:
        self.groups: Mapping[str, Group] = {group.name: group for group in groups}
        self.hits: dict[str, Counter[str]] = {group.name: Counter() for group in groups}

    def sample(self, sample: JobSample) -> None:
        """Count the bins of a job.

        Raises:
            ValueError: a group gives a bin that it does not have: the model is wrong.
        """
        for group in self.groups.values():
            for values in group.of(sample):
                name = " ".join(values)
                if name not in group.names:
                    raise ValueError(f"group {group.name} has no bin {name!r}: allowed are {' x '.join(group.axes)}")
                self.hits[group.name][name] += 1

    def merge(self, other: FunctionalCoverage) -> None:
        """Add the hits of another run of the same model."""
        for name, counts in other.hits.items():
            self.hits[name] += counts

    def save(self, path: Path) -> None:
        """Write the hits as JSON."""
        write_whole(path, json.dumps(self.hits, indent=1, sort_keys=True) + "\n")

    @classmethod
    def load(cls, path: Path, groups: Sequence[Group] = GROUPS) -> FunctionalCoverage:
        """Read what `save` wrote.

        Raises:
            ValueError: it is no such file, or of another model.
        """
        coverage = cls(groups)
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            for name, counts in kept.items():
                unknown = counts.keys() - coverage.groups[name].names
                if unknown:
                    raise ValueError(f"unknown bin {min(unknown)!r} of group {name}")
                coverage.hits[name] = Counter({key: int(count) for key, count in counts.items()})
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} holds no functional coverage of this model: {error}") from error
        return coverage

    def missing(self, excluded: Mapping[str, frozenset[str]] | None = None) -> dict[str, list[str]]:
        """Return the bins without a hit by group, but for those excluded."""
        left = {
            name: sorted(group.names - self.hits[name].keys() - (excluded or {}).get(name, frozenset()))
            for name, group in self.groups.items()
        }
        return {name: bins for name, bins in left.items() if bins}

    def counts(self, excluded: Mapping[str, frozenset[str]] | None = None) -> dict[str, tuple[int, int]]:
        """Return for each group how many of its bins were hit, and how many there are, without those excluded."""
        missing = self.missing(excluded)
        sizes = {name: len(group.names - (excluded or {}).get(name, set())) for name, group in self.groups.items()}
        return {name: (size - len(missing.get(name, ())), size) for name, size in sizes.items()}

    def score(self, excluded: Mapping[str, frozenset[str]] | None = None) -> float:
        """Return the share of all bins that were hit, 0 to 1."""
        counts = self.counts(excluded).values()
        return sum(hit for hit, _ in counts) / sum(size for _, size in counts)
