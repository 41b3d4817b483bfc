"""The views of a record's attribute: in its class, with its converter, and in the examples of the contract suite."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct


class AttributeView(Struct, frozen=True, kw_only=True):
    """An attribute of a record.

    Attributes:
        name: the attribute.
        type: its annotation.
        default: an expression for where nothing is given ("None", "[]");
            empty for an attribute that must be given.
        comment: the comment of the field in the schema; may have several lines.
    """

    name: str
    type: str
    default: str
    comment: str


class AttributeConverterView(Struct, frozen=True, kw_only=True):
    """The converter of an attribute.

    Attributes:
        constant: what wraps it: "STEP_OBSERVATION_CONVERTER".
        alias: the name of the attribute's type: "StepObservationValue"; `type` is that type.
        record: the record's class; attribute: the attribute.
        reference: the converter as the annotation names it.
        expression: the object.
        fits: an expression over `_limits`, the runtime's module: what fits the field.
        examples: an expression over the names of that module: the values that the converter reads, for tests.
        has_example: whether it gives values for tests.
        modules: what is imported for the expression; type_modules: for the type.
    """

    constant: str
    alias: str
    type: str
    record: str
    attribute: str
    reference: str
    expression: str
    fits: str
    examples: str
    has_example: bool
    modules: Sequence[str]
    type_modules: Sequence[str]


class ExampleView(Struct, frozen=True, kw_only=True):
    """An attribute's values in the records that the contract suite makes.

    Attributes:
        attribute: the record's attribute.
        value: an expression over `n`, the number of the record.
        rises: whether a greater `n` gives a value that databases order after it.
        differs: whether each `n` gives another value.
        unfit: an expression for a value that no database can hold; empty where any would be of
            another type.
    """

    attribute: str
    value: str
    rises: bool = False
    differs: bool = False
    unfit: str
