"""The box around what a model shows: exact where its positions can be read and moved, else one that holds them."""

from collections.abc import Iterator
from itertools import count, product

import numpy as np

from app.services.uploads.measuring.numbers import EACH, Array, Model, Part, Unread, ends_of, matrices_of

_BLOCK = 50_000  # positions that are moved at a time
_PLACING = {"TRANSLATION": "VEC3", "ROTATION": "VEC4", "SCALE": "VEC3"}
_STRAIGHT = 1e-6  # an angle that no box shows


class Measure:
    """The box around what has been added to it."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.low, self.high = np.full(3, np.inf), np.full(3, -np.inf)
        self.approximate = False
        self._boxes: dict[tuple[int, tuple[float, ...]], tuple[Array, bool] | None] = {}
        self._joints: dict[int, Array] = {}

    def add(self, number: int) -> None:
        """Add what a node shows."""
        node = self.model.parts("nodes")[number]
        if node.get("mesh") is None:
            return
        weights = tuple(node.get("weights") or self.model.parts("meshes")[node["mesh"]].get("weights") or ())
        if node.get("skin") is not None:
            self._add_skinned(node, weights, self.model.worlds[number])
        else:
            for matrices in self._places(node, self.model.worlds[number]):
                self._add_moved(node["mesh"], weights, matrices)

    def result(self) -> Part | None:
        if np.any(self.low > self.high):
            return None
        return {"min": self.low.tolist(), "max": self.high.tolist(), "approximate": self.approximate}

    def _add(self, positions: Array) -> None:
        self.low, self.high = np.minimum(self.low, positions.min(0)), np.maximum(self.high, positions.max(0))

    def _add_moved(self, mesh: int, weights: tuple[float, ...], matrices: Array) -> None:
        """Add a mesh in each of the places. A box that is not turned stays a box; else all positions are moved."""
        found = self._box(mesh, weights)
        if found is None:
            return
        corners, exact = found
        turned = _are_turned(matrices)
        if exact and turned.any():
            try:
                self._add_turned(mesh, weights, matrices[turned])
                matrices = matrices[~turned]
            except Unread:
                exact = False
        self.approximate |= not exact
        self._add_corners(corners, matrices)

    def _add_turned(self, mesh: int, weights: tuple[float, ...], matrices: Array) -> None:
        for number in range(len(self._primitives(mesh))):
            self.model.spend((self._count(mesh, number) + EACH) * len(matrices))
            for positions in self._positions(mesh, number, weights):
                for matrix in matrices:
                    self._add(positions @ matrix[:3, :3].T + matrix[:3, 3])

    def _add_corners(self, corners: Array, matrices: Array) -> None:
        for start in range(0, len(matrices), _BLOCK):
            block = matrices[start : start + _BLOCK]
            moved = np.einsum("mij,cj->mci", block[:, :3, :3], corners) + block[:, None, :3, 3]
            self._add(moved.reshape(-1, 3))

    def _add_skinned(self, node: Part, weights: tuple[float, ...], world: Array) -> None:
        """Add a mesh that bones move: each position is the mean of where its joints put it, and the node counts for nothing."""
        mesh = node["mesh"]
        try:
            joints = self._joint_matrices(node["skin"])
        except Unread:
            self.approximate = True
            self._add_moved(mesh, weights, world[None])
            return
        for number, primitive in enumerate(self._primitives(mesh)):
            attributes = primitive["attributes"]
            if "POSITION" not in attributes:
                continue
            sets = 0
            while f"JOINTS_{sets}" in attributes and f"WEIGHTS_{sets}" in attributes:
                sets += 1
            try:
                self.model.spend(self._count(mesh, number) * 10 * max(sets, 1))
                if not sets:
                    raise Unread
                for start, positions in zip(count(0, _BLOCK), self._positions(mesh, number, weights), strict=False):
                    self._add(self._posed(positions, start, attributes, sets, joints))
            except Unread:
                self.approximate = True
                corners = _corners(*self._declared(mesh, number, weights))
                self._add_corners(corners, joints)

    def _posed(self, positions: Array, start: int, attributes: Part, sets: int, joints: Array) -> Array:
        stop = start + len(positions)
        posed, total = np.zeros_like(positions), np.zeros((len(positions), 1))
        for number in range(sets):
            indices = self.model.rows(attributes[f"JOINTS_{number}"], "VEC4", start, stop).astype(np.int64)
            shares = self.model.rows(attributes[f"WEIGHTS_{number}"], "VEC4", start, stop)
            if indices.min() < 0 or indices.max() >= len(joints) or not np.all(np.isfinite(shares)):
                raise Unread
            for column in range(4):
                share, matrices = shares[:, column : column + 1], joints[indices[:, column]]
                posed += share * (np.einsum("nij,nj->ni", matrices[:, :3, :3], positions) + matrices[:, :3, 3])
                total += share
        if np.any(total <= 0):
            raise Unread
        return posed / total

    def _joint_matrices(self, number: int) -> Array:
        if number not in self._joints:
            skin = self.model.parts("skins")[number]
            matrices = self.model.worlds[skin["joints"]]
            inverse = skin.get("inverseBindMatrices")
            if inverse is not None:
                rows = self.model.rows(inverse, "MAT4", 0, len(skin["joints"]))
                matrices = matrices @ rows.reshape(-1, 4, 4).transpose(0, 2, 1)
            self._joints[number] = matrices
        return self._joints[number]

    def _places(self, node: Part, world: Array) -> Iterator[Array]:
        """Where a node's mesh stands: once, or as often as EXT_mesh_gpu_instancing says."""
        instancing = node.get("extensions", {}).get("EXT_mesh_gpu_instancing", {}).get("attributes", {})
        own = {name: instancing[name] for name in _PLACING if name in instancing}
        if not own:
            yield world[None]
            return
        most = min(self.model.accessor(number)["count"] for number in own.values())
        try:
            for start in range(0, most, _BLOCK):
                stop = min(start + _BLOCK, most)
                self.model.spend(stop - start)
                rows = {name: self.model.rows(number, _PLACING[name], start, stop) for name, number in own.items()}
                size = stop - start
                yield world @ matrices_of(
                    rows.get("TRANSLATION", np.zeros((size, 3))),
                    rows.get("ROTATION", np.tile([0.0, 0, 0, 1], (size, 1))),
                    rows.get("SCALE", np.ones((size, 3))),
                )
        except Unread:
            self.approximate = True
            yield world[None]

    def _primitives(self, mesh: int) -> list[Part]:
        found: list[Part] = self.model.parts("meshes")[mesh]["primitives"]
        return found

    def _count(self, mesh: int, number: int) -> int:
        position = self._primitives(mesh)[number]["attributes"].get("POSITION")
        return 0 if position is None else int(self.model.accessor(position)["count"])

    def _box(self, mesh: int, weights: tuple[float, ...]) -> tuple[Array, bool] | None:
        """The corners of a mesh by itself, and whether all its positions were read; None if it has none."""
        key = mesh, weights
        if key not in self._boxes:
            low, high, exact = np.full(3, np.inf), np.full(3, -np.inf), True
            for number, primitive in enumerate(self._primitives(mesh)):
                if "POSITION" not in primitive["attributes"]:
                    continue
                try:
                    self.model.spend(self._count(mesh, number))
                    ends = [(block.min(0), block.max(0)) for block in self._positions(mesh, number, weights)]
                except Unread:
                    ends, exact = [self._declared(mesh, number, weights)], False
                low, high = (
                    np.minimum(low, np.min([end[0] for end in ends], 0)),
                    np.maximum(high, np.max([end[1] for end in ends], 0)),
                )
            self._boxes[key] = None if np.any(low > high) else (_corners(low, high), exact)
        return self._boxes[key]

    def _positions(self, mesh: int, number: int, weights: tuple[float, ...]) -> Iterator[Array]:
        """The positions of a primitive, its shapes mixed as the weights say; raises Unread."""
        primitive = self._primitives(mesh)[number]
        position = primitive["attributes"].get("POSITION")
        if "KHR_draco_mesh_compression" in primitive.get("extensions", {}):
            raise Unread
        shapes = _shapes(primitive, weights)
        for start in range(0, self._count(mesh, number), _BLOCK):
            stop = min(start + _BLOCK, self._count(mesh, number))
            positions = self.model.rows(position, "VEC3", start, stop)
            for weight, shape in shapes:
                self.model.spend(stop - start)
                positions = positions + weight * self.model.rows(shape, "VEC3", start, stop)
            if not np.all(np.isfinite(positions)):
                raise Unread
            yield positions

    def _declared(self, mesh: int, number: int, weights: tuple[float, ...]) -> tuple[Array, Array]:
        """What the document says of where a primitive is, which every loader relies on."""
        primitive = self._primitives(mesh)[number]
        low, high = ends_of(self.model.accessor(primitive["attributes"]["POSITION"]))
        for weight, shape in _shapes(primitive, weights):
            accessor = self.model.accessor(shape)
            if len(accessor.get("min") or ()) == len(accessor.get("max") or ()) == 3:
                ends = [weight * end for end in ends_of(accessor)]
                low, high = low + np.minimum(*ends), high + np.maximum(*ends)
        return low, high


def _shapes(primitive: Part, weights: tuple[float, ...]) -> list[tuple[float, int]]:
    targets = primitive.get("targets", [])
    mixed = zip(weights, targets, strict=False)
    return [(weight, target["POSITION"]) for weight, target in mixed if weight and "POSITION" in target]


def _are_turned(matrices: Array) -> Array:
    """Which matrices turn a box so that its sides are no more along the axes."""
    factors = np.abs(matrices[:, :3, :3])
    counted = factors > _STRAIGHT * factors.max((1, 2), keepdims=True)
    return np.asarray((counted.sum(2) > 1).any(1))


def _corners(low: Array, high: Array) -> Array:
    return np.array([*product(*zip(low, high, strict=True))])
