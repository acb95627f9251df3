"""Column names as pandas makes them from a header: none empty, none twice."""

from __future__ import annotations

from collections.abc import Sequence

from tunesmith.data.prepare.frame import Name


def unique_names(header: Sequence[Name]) -> list[Name]:
    """An empty name becomes `Unnamed: 2` (its position from 0), a second `prompt` becomes `prompt.1`."""
    empty = [at for at, name in enumerate(header) if name == ""]
    names: list[Name] = [f"Unnamed: {at}" if name == "" else name for at, name in enumerate(header)]
    counts: dict[Name, int] = {}
    # Given names stay as they are as far as possible; those that were made give way.
    for at in [*sorted(set(range(len(names))) - set(empty)), *empty]:
        name, count = names[at], counts.get(names[at], 0)
        unique = name
        while count:
            counts[name] = count + 1
            unique = f"{name}.{count}"
            count = count + 1 if unique in names else counts.get(unique, 0)
        names[at] = unique
        counts[unique] = count + 1
    return names
