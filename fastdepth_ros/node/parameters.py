"""Between the parameters of the node and its settings."""

from __future__ import annotations

from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node

from fastdepth.errors import SettingError
from fastdepth_ros.settings import SPECS, Scope, Settings, Spec, settings_of


def declare_parameters(node: Node) -> None:
    """Declare all parameters of the depth node.

    Raises:
        rclpy.exceptions.ParameterException: a value given from outside has the wrong type or is out
            of range.

    """
    for spec in SPECS:
        default = list(spec.default) if isinstance(spec.default, tuple) else spec.default
        node.declare_parameter(spec.name, default, _descriptor(spec))


def read_settings(node: Node, replaced: dict[str, Any] | None = None) -> Settings:
    """Return the values of the declared parameters.

    Args:
        node: whose parameters they are.
        replaced: values that take the place of some (of parameters that are none of the settings
            too).

    Raises:
        SettingError: a value is not possible, or two contradict each other.

    """
    values = {spec.name: node.get_parameter(spec.name).value for spec in SPECS} | (replaced or {})
    unset = [spec.name for spec in SPECS if values[spec.name] is None]
    if unset:
        msg = f"{unset[0]} has no value; give it one"
        raise SettingError(msg)
    return settings_of(values)


def _descriptor(spec: Spec) -> ParameterDescriptor:
    descriptor = ParameterDescriptor(
        description=f"{spec.description} Changes: {spec.scope.value}.",
        read_only=spec.scope is Scope.START,
    )
    if spec.choices:
        descriptor.additional_constraints = f"one of {', '.join(map(str, spec.choices))}"
    if spec.limits is not None:
        low, high = spec.limits
        if isinstance(spec.default, float):
            limits = FloatingPointRange(from_value=float(low), to_value=float(high), step=0.0)
            descriptor.floating_point_range = [limits]
        else:
            limits = IntegerRange(from_value=int(low), to_value=int(high), step=1)
            descriptor.integer_range = [limits]
    return descriptor
