"""Templates: variables are whole values, of their types, in their places; what is wrong is named where it was given."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.edits.template_variables import Variable
from reelwright.edits.templates import Template, faults, filled, tried
from reelwright.errors import InvalidInput

VIDEO = "0199f0d2-7a51-7c3e-9b60-3f1f1a2b4c5d"
EDIT = {
    "steps": [
        {"type": "trim", "start": {"$var": "from"}, "end": {"$var": "to"}},
        {"type": "overlay", "layers": [{"type": "text", "text": {"$var": "caption"}}, {"$var": "logo"}]},
    ],
    "outputs": ["mp4", {"$var": "output"}],
}
TEMPLATE = Template(
    edit=EDIT,
    variables={
        "from": Variable(type="time", default=0),
        "to": Variable(type="time", minimum=1, maximum=60),
        "caption": Variable(type="text", max_length=5),
        "logo": Variable(type="json", default=None),
        "output": Variable(type="string", enum=["mp4:480p", "webm:480p"], default="mp4:480p"),
    },
)


def test_values_go_where_their_variables_stand() -> None:
    """As they are: what looks like a place in a value is a value. The template stays as it was."""
    before = copy.deepcopy(EDIT)
    found = filled(TEMPLATE, {"to": "0:10", "caption": "Hi", "logo": {"$var": "caption"}, "from": None})
    assert found.edit["steps"] == [
        {"type": "trim", "start": 0, "end": "0:10"},
        {"type": "overlay", "layers": [{"type": "text", "text": "Hi"}, {"$var": "caption"}]},
    ]
    assert found.edit["outputs"] == ["mp4", "mp4:480p"]
    assert found.places["/steps/1/layers/0/text"] == "caption"
    assert before == EDIT
    assert faults(TEMPLATE) == []


@given(st.text(max_size=5).filter(lambda text: not any(ord(one) < 32 or 127 <= ord(one) < 160 for one in text)))
def test_a_text_stays_a_text(caption: str) -> None:
    """Quotes, braces, dollars: nothing is read into it."""
    try:
        found = filled(TEMPLATE, {"to": 2, "caption": caption})
    except InvalidInput:
        return  # halves of surrogate pairs
    assert found.edit["steps"][1]["layers"][0] == {"type": "text", "text": caption}


def test_everything_that_is_wrong_is_named() -> None:
    """Missing, unknown, of another type, beyond a bound, none of those that there are."""
    given = {"caption": "longer", "to": 61, "output": "gif", "colour": "red", "a/b": 1, "from": True}
    with pytest.raises(InvalidInput) as caught:
        filled(TEMPLATE, given)
    told = {error.pointer: error.detail for error in caught.value.errors}
    assert set(told) == {f"/variables/{name}" for name in ("caption", "to", "output", "colour", "a~1b", "from")}
    assert told["/variables/to"] == "is more than 60"
    assert "there is from, to, caption" in told["/variables/colour"]
    with pytest.raises(InvalidInput, match=r"/variables/to: is required; /variables/caption: is required"):
        filled(TEMPLATE, {})


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("string", ["a", "☂" * 1024], ["", "a\nb", "x" * 1025, 1, None, ["a"]]),
        ("text", ["", "a\n\tb"], ["\x1b", "x" * 10_001, 1]),
        ("number", [1, 1.5, -3], ["1", True, [1]]),
        ("integer", [0, -7], [1.0, "1", False]),
        ("boolean", [True, False], [0, "true"]),
        ("time", [0, 1.5, "1:30.5"], [-1, "1:2", True, "soon"]),
        ("color", ["white", "#ff0000", "red@0.5"], ["whitish", 7, ""]),
        ("asset", ["logo.png", f"asset:{VIDEO}"], ["", "a\0b", 7]),
        ("video", [VIDEO, f"video:{VIDEO}", f"variant:{VIDEO}"], ["x", f"file:{VIDEO}", "-" * 36, 7]),
        ("json", [[1], {"a": None}, "x", 7, False], []),
    ],
)
def test_each_type_takes_its_own(kind: Any, right: list[Any], wrong: list[Any]) -> None:
    """And says in a sentence why it takes no other."""
    variable = Variable(type=kind)
    assert [variable.fault(value) for value in right] == [None] * len(right)
    assert all(variable.fault(value) for value in wrong)
    assert variable.fault(variable.sample()) is None


@pytest.mark.parametrize(
    ("edit", "variables", "pointer"),
    [
        ({"steps": [{"$var": "x"}]}, {}, "/edit/steps/0"),
        ({"steps": []}, {"x": Variable(type="text")}, "/variables/x"),
        ({"steps": [{"$var": "x", "more": 1}]}, {}, "/edit/steps/0"),
        ({"steps": [{"$var": 7}]}, {}, "/edit/steps/0"),
        ({"steps": [{"$ref": "x"}]}, {}, "/edit/steps/0"),
        ({"$var": "x"}, {}, "/edit"),
        ({"a": {"$var": "x"}}, {"x": Variable(type="number", default="1")}, "/variables/x/default"),
        ({"a": {"$var": "x"}}, {"x": Variable(type="number", example=9, maximum=8)}, "/variables/x/example"),
        ({"a": {"$var": "x"}}, {"x": Variable(type="time", enum=[1, "x"])}, "/variables/x/enum/1"),
        ({"a": {"$var": "x"}}, {"x": Variable(type="number", minimum=2, maximum=1)}, "/variables/x/minimum"),
    ],
)
def test_a_template_that_cannot_be_right_is_refused(
    edit: dict[str, Any], variables: dict[str, Variable], pointer: str
) -> None:
    """Places of no variable, variables without a place, defaults that their own type does not take."""
    (fault,) = faults(Template(edit=edit, variables=variables))
    assert fault.pointer == pointer


def test_depth_has_an_end() -> None:
    """Whatever a client nests is walked to a bound."""
    edit: dict[str, Any] = {}
    for _ in range(5000):
        edit = {"in": edit}
    (fault,) = faults(Template(edit=edit))
    assert "lies deeper than 20" in fault.detail


def test_samples_keep_to_their_bounds() -> None:
    """The default, the example, the first of a list, a usual value, else a bound."""
    names = {
        "a": Variable(type="number", minimum=5),
        "b": Variable(type="integer", maximum=-2),
        "c": Variable(type="time", example="0:30"),
        "d": Variable(type="string", enum=["x", "y"]),
        "e": Variable(type="color", default="red"),
    }
    edit = {name: {"$var": name} for name in names}
    attempt = tried(Template(edit=edit, variables=names))
    assert attempt.edit == {"a": 5, "b": -2, "c": "0:30", "d": "x", "e": "red"}


def test_a_template_is_kept_as_it_was_given() -> None:
    """What is not said is not stored; a default that is null is said."""
    kept = msgspec.to_builtins(TEMPLATE)
    assert kept["variables"]["logo"] == {"type": "json", "default": None}
    assert msgspec.convert(kept, Template) == TEMPLATE
