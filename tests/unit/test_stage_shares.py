"""Percentages of several stages: by constants at first, then by what earlier jobs took."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.jobs import stage_shares
from reelwright.jobs.stage_shares import CHECK, CONSTANTS, Earlier, weighed
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.ffmpeg.command import Command, Recipe, Stage

CAPABILITIES = Capabilities(ffmpeg_version="any", threads=1, tone_mapping=False)


def command(stage: Stage, weight: float) -> Command:
    return Command(arguments=(), expected_s="9", stage=stage, weight=weight)


def recipe(*commands: Command) -> Recipe:
    return Recipe(commands=commands, capabilities=CAPABILITIES)


TWO_PASSES = recipe(command("measure", 0.03), command("analyse", 0.5), command("encode", 1.0))
TOOK = {"measure": 1.0, "analyse": 3.0, "encode": 5.0, CHECK: 1.0}


def test_before_there_are_jobs_constants_hold() -> None:
    """What they are beside each other stays."""
    found, checking = weighed(TWO_PASSES, 0.06, [])
    assert checking == pytest.approx(0.06)
    assert [one.weight for one in found.commands] == pytest.approx([0.94 * part / 1.53 for part in (0.03, 0.5, 1.0)])


def test_earlier_jobs_of_the_same_stages_say_more_and_more() -> None:
    """Twenty of them outweigh the constants; one alone does not."""
    found, checking = weighed(TWO_PASSES, 0.06, [Earlier(TOOK)] * 100)
    assert [one.weight for one in found.commands] == pytest.approx([0.1, 0.3, 0.5], abs=0.03)
    assert checking == pytest.approx(0.1, abs=0.01)
    once, _ = weighed(TWO_PASSES, 0.06, [Earlier(TOOK)])
    constant, _ = weighed(TWO_PASSES, 0.06, [])
    before, after = constant.commands[1].weight, once.commands[1].weight
    assert after == pytest.approx((CONSTANTS * before + 0.3) / (CONSTANTS + 1))


def test_jobs_of_another_size_say_less() -> None:
    """A short job is checked for a larger part of its time than a long one."""
    short, long = {**TOOK, CHECK: 9.0}, {**TOOK, CHECK: 0.1}
    _, checking = weighed(TWO_PASSES, 0.06, [Earlier(short, 1.0), Earlier(long, 0.01)] * 10)
    assert checking > 0.4


def test_jobs_without_one_of_the_stages_say_nothing() -> None:
    assert weighed(TWO_PASSES, 0.06, [Earlier({"encode": 9.0, CHECK: 1.0})]) == weighed(TWO_PASSES, 0.06, [])


def test_commands_of_one_stage_share_what_it_took() -> None:
    """As they weigh beside each other."""
    pieces = recipe(command("encode", 1.0), command("encode", 3.0), command("package", 1.0))
    took = Earlier({"encode": 8.0, "package": 1.0, CHECK: 1.0})
    found, _ = weighed(pieces, 0.06, [took] * 1000)
    assert found.commands[1].weight == pytest.approx(3 * found.commands[0].weight)


@given(
    st.dictionaries(st.sampled_from("abcd"), st.floats(0.01, 1e3), min_size=1),
    st.lists(
        st.builds(Earlier, st.dictionaries(st.sampled_from("abcd"), st.floats(0, 1e6)), st.floats(0, 1)), max_size=40
    ),
)
def test_shares_are_parts_of_one_whole(constants: dict[str, float], earlier: list[Earlier]) -> None:
    """None of them nothing, whatever was measured."""
    found = stage_shares.shares(constants, earlier)
    assert sum(found.values()) == pytest.approx(1)
    assert all(share > 0 for share in found.values())
    assert list(found) == list(constants)
