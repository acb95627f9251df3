"""LoRA adapters beside a base model: read on first use, kept within a bound, applied per row of a mixed batch.

No merged copies: the adapters active in a step are laid side by side, so that each linear layer costs two thin products
whatever their number. Columns that belong to another row's adapter are zeroed between the two.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tunesmith.errors import InvalidModel
from tunesmith.models.lora import read_adapter
from tunesmith.serving.protocol import Adapter

# Side-by-side weights kept for the sets of adapters that ran last.
_KEPT_SETS = 4


@dataclass(frozen=True, slots=True, eq=False)
class LoadedAdapter:
    """An adapter ready to run: layer name -> (A transposed, (in, rank); B transposed and scaled, (rank, out))."""

    name: str
    folder: str
    rank: int
    layers: dict[str, tuple[Tensor, Tensor]]

    @property
    def size_bytes(self) -> int:
        return sum(a.nbytes + b.nbytes for a, b in self.layers.values())


class AdapterCache:
    """Adapters by folder, the least recently used dropped first. Safe to call from several threads.

    The limits bound what is kept for reuse; a request that is running holds on to its own adapter besides.
    """

    def __init__(
        self, linears: dict[str, nn.Linear], *, dtype: torch.dtype, limit_bytes: int, limit_count: int
    ) -> None:
        self._linears = linears
        self._dtype = dtype
        self._limit_bytes = limit_bytes
        self._limit_count = limit_count
        self._loaded: OrderedDict[str, LoadedAdapter] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, adapter: Adapter) -> LoadedAdapter:
        """Raises InvalidModel if its files are broken or do not fit this base model."""
        with self._lock:
            if adapter.folder not in self._loaded:
                self._loaded[adapter.folder] = self._load(adapter)
            self._loaded.move_to_end(adapter.folder)
            while len(self._loaded) > 1 and self._is_over_limit():
                self._loaded.popitem(last=False)
            return self._loaded[adapter.folder]

    def _is_over_limit(self) -> bool:
        size_bytes = sum(adapter.size_bytes for adapter in self._loaded.values())
        return len(self._loaded) > self._limit_count or size_bytes > self._limit_bytes

    def __len__(self) -> int:
        return len(self._loaded)

    def _load(self, adapter: Adapter) -> LoadedAdapter:
        stored = read_adapter(Path(adapter.folder))
        layers = {}
        for name, (a, b) in stored.weights.items():
            linear = self._linears.get(name)
            if linear is None:
                raise InvalidModel(f"The adapter {adapter.name} changes {name}, no linear layer of its base model.")
            if a.shape[1] != linear.in_features or b.shape[0] != linear.out_features:
                raise InvalidModel(
                    f"The adapter {adapter.name} maps {a.shape[1]} to {b.shape[0]} numbers at {name}; its base model "
                    f"maps {linear.in_features} to {linear.out_features} there. It was made for another model."
                )
            if not (a.isfinite().all() and b.isfinite().all()):
                raise InvalidModel(f"The adapter {adapter.name} holds numbers that are not finite at {name}.")
            device = linear.weight.device
            down = a.t().to(device, self._dtype).contiguous()
            up = (b.float() * stored.scaling).t().to(device, self._dtype).contiguous()
            layers[name] = (down, up)
        return LoadedAdapter(adapter.name, adapter.folder, stored.rank, layers)


@dataclass(frozen=True, slots=True)
class _SideBySide:
    """A layer's active adapters as one: (in, sum of ranks), (sum of ranks, out), and whose column each is."""

    down: Tensor
    up: Tensor
    owner: Tensor


class LoraRows:
    """Adds each row's own adapter to the linear layers of a model, for the rows announced by `begin`."""

    def __init__(self, linears: dict[str, nn.Linear], head: nn.Module) -> None:
        self._active: tuple[LoadedAdapter, ...] = ()
        self._row_owner = self._head_owner = torch.empty(0, dtype=torch.long)
        self._foreign: dict[tuple[int, bool], Tensor | None] = {}
        self._sets: OrderedDict[tuple[LoadedAdapter, ...], dict[str, _SideBySide]] = OrderedDict()
        for name, linear in linears.items():
            linear.register_forward_hook(_hook(self, name, linear is head))

    def begin(self, rows: Sequence[LoadedAdapter | None], head_rows: Sequence[int]) -> None:
        """`rows` are the adapters of the T rows to come; `head_rows` those of them that reach the head."""
        self._active = tuple(sorted({row for row in rows if row is not None}, key=id))
        self._foreign.clear()
        if not self._active:
            return
        index = {adapter: number for number, adapter in enumerate(self._active)}
        owner = [-1 if row is None else index[row] for row in rows]
        self._row_owner = torch.tensor(owner)
        self._head_owner = self._row_owner[list(head_rows)]
        if self._active in self._sets:
            self._sets.move_to_end(self._active)
        else:
            self._sets[self._active] = {}
            while len(self._sets) > _KEPT_SETS:
                self._sets.popitem(last=False)

    def add(self, name: str, is_head: bool, x: Tensor, output: Tensor) -> Tensor:
        """x (..., in), output (..., out) of the plain layer -> output with each row's correction, in place."""
        weights = self._side_by_side(name)
        if weights is None:
            return output
        low = torch.mm(x.reshape(-1, x.shape[-1]), weights.down)
        foreign = self._foreign_columns(weights.owner, is_head)
        if foreign is not None:
            low.masked_fill_(foreign, 0.0)
        flat = output.view(-1, output.shape[-1])
        flat.addmm_(low, weights.up)
        return output

    @property
    def is_idle(self) -> bool:
        return not self._active

    def _side_by_side(self, name: str) -> _SideBySide | None:
        built = self._sets[self._active]
        if name not in built:
            mine = [(place, one.layers[name]) for place, one in enumerate(self._active) if name in one.layers]
            if not mine:
                return None
            owner = torch.tensor([place for place, (down, _) in mine for _ in range(down.shape[1])])
            if len(mine) == 1:
                down, up = mine[0][1]
            else:
                down = torch.cat([down for _, (down, _) in mine], dim=1)
                up = torch.cat([up for _, (_, up) in mine], dim=0)
            built[name] = _SideBySide(down, up, owner)
        return built[name]

    def _foreign_columns(self, owner: Tensor, is_head: bool) -> Tensor | None:
        """(rows, ranks), true where the column is not the row's own; None if every column is everybody's."""
        rows = self._head_owner if is_head else self._row_owner
        key = (hash(tuple(owner.tolist())), is_head)
        if key not in self._foreign:
            foreign = rows[:, None] != owner[None, :]
            self._foreign[key] = foreign if bool(foreign.any()) else None
        return self._foreign[key]


def _hook(rows: LoraRows, name: str, is_head: bool) -> Any:
    def add(_: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> Tensor:
        return output if rows.is_idle else rows.add(name, is_head, args[0], output)

    return add
