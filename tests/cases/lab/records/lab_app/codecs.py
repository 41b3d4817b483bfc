"""Arrays of the trainer, as fields hold them."""

from typing import Any

import numpy as np


class Array:
    """An array of float32 with its shape, as bytes."""

    def to_dto(self, value: "np.ndarray[Any, Any]") -> bytes:
        """A byte for the number of dimensions, four for each of them, then the numbers, all little-endian."""
        if not isinstance(value, np.ndarray) or value.dtype != np.float32:
            raise TypeError("it is no array of float32")
        shape = b"".join(length.to_bytes(4, "little") for length in value.shape)
        return bytes([value.ndim]) + shape + np.ascontiguousarray(value, "<f4").tobytes()

    def from_dto(self, value: bytes) -> "np.ndarray[Any, Any]":
        """The array; ValueError where the bytes are not as many as its shape says."""
        dimensions, start = value[0], 1 + 4 * value[0]
        shape = [int.from_bytes(value[1 + 4 * i : 5 + 4 * i], "little") for i in range(dimensions)]
        return np.frombuffer(value[start:], "<f4").astype(np.float32).reshape(shape)

    def example(self, number: int) -> "np.ndarray[Any, Any]":
        """Arrays of different shapes and numbers."""
        shapes = ((), (0,), (2, 3), (4, 1, 2))
        return np.full(shapes[number % 4], number / 3, np.float32)


class Vector:
    """A vector as a list of floats."""

    @staticmethod
    def to_dto(value: "np.ndarray[Any, Any]") -> list[float]:
        """The numbers."""
        numbers: list[float] = np.asarray(value, np.float64).tolist()
        return numbers

    @staticmethod
    def from_dto(value: list[float]) -> "np.ndarray[Any, Any]":
        """The vector, of float64."""
        return np.array(value, np.float64)


array = Array()
vector = Vector
