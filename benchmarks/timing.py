"""How a ratio is measured: ours and its peers take turns in one process, and medians are compared.

On a machine with other work, speed drifts by tens of per cent within seconds. Two functions that are timed one after
the other drift apart; two that take turns every few milliseconds drift together, and their ratio holds still. This
file imports nothing but the standard library, so that its arithmetic can be tested with a clock that is not a clock.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles

TURN_SECONDS = 0.004  # a short call is repeated until its turn lasts this long, so that reading the clock costs nothing
CASE_SECONDS = 1.2  # how long the turns of one case go on
TURNS = (9, 401)  # fewest and most turns of each function
# With one thread each, the processor's seconds are the caller's seconds less the time that other programs took.
# Where the system counts them in ticks only (Windows), the wall clock is the better one.
CLOCK = time.process_time if time.get_clock_info("process_time").resolution < 1e-5 else time.perf_counter


@dataclass(frozen=True)
class Peer:
    """The function that a reader would otherwise call, and what its answer has to do with ours."""

    name: str
    call: Callable[[], object]
    agree: Callable[[object, object], bool]  # (our answer, the peer's answer) -> are they what `answers` says
    answers: str
    aim: float | None = None  # the largest ratio that the course allows itself


@dataclass(frozen=True)
class Case:
    """One task at one size."""

    task: str
    picture: str
    size: int
    ours: str
    call: Callable[[], object]
    peers: tuple[Peer, ...]


def measure(case: Case, *, clock: Callable[[], float] = CLOCK, seconds: float = CASE_SECONDS) -> list[dict]:
    """One row for each peer. The answers are compared first: the speed of a wrong answer is of no interest."""
    answer = case.call()
    for peer in case.peers:
        if not peer.agree(answer, peer.call()):
            raise AssertionError(f"{case.task}, {case.size} pixels: {case.ours} and {peer.name} do not agree "
                                 f"({peer.answers}).")
    ours, *theirs = take_turns([case.call, *(peer.call for peer in case.peers)], clock=clock, seconds=seconds)
    return [row(case, peer, ours, times) for peer, times in zip(case.peers, theirs, strict=True)]


def take_turns(calls: list[Callable[[], object]], *, clock: Callable[[], float], seconds: float) -> list[list[float]]:
    """Seconds per call, a list of the same length for each function, after a warm-up.

    The warm-up compiles, fills the caches and tells how long a call takes, from which follow the number of calls in a
    turn and the number of turns. Every second round goes backwards, so that nobody always follows the same neighbour.
    """
    first = [_time(call, 1, clock) for call in calls for _ in range(2)][1::2]
    once = [_time(call, _calls_in_a_turn(guess), clock) for call, guess in zip(calls, first, strict=True)]
    repeats = [_calls_in_a_turn(guess) for guess in once]
    round_seconds = sum(n * guess for n, guess in zip(repeats, once, strict=True))
    turns = min(max(math.ceil(seconds / round_seconds), TURNS[0]), TURNS[1])
    times: list[list[float]] = [[0.0] * turns for _ in calls]
    for turn in range(turns):
        order = range(len(calls)) if turn % 2 == 0 else reversed(range(len(calls)))
        for i in order:
            times[i][turn] = _time(calls[i], repeats[i], clock)
    return times


def row(case: Case, peer: Peer, ours: list[float], theirs: list[float]) -> dict:
    """What speed.json holds. The spread of the ratio is that of the rounds, in which both met the same machine."""
    ours_ms, peer_ms = _round(1e3 * median(ours)), _round(1e3 * median(theirs))
    return {
        "task": case.task, "picture": case.picture, "size": case.size, "ours": case.ours, "peer": peer.name,
        "answers": peer.answers, "ours_ms": ours_ms, "peer_ms": peer_ms,
        "ratio": _round(ours_ms / peer_ms), "aim": peer.aim,
        "ratio_quartiles": quartiles([a / b for a, b in zip(ours, theirs, strict=True)]),
        "ours_ms_quartiles": quartiles([1e3 * t for t in ours]),
        "peer_ms_quartiles": quartiles([1e3 * t for t in theirs]),
        "turns": len(ours),
    }


def quartiles(values: list[float]) -> list[float]:
    """The first and the third: half of the values lie between them."""
    first, _, third = quantiles(values, n=4, method="inclusive")
    return [_round(first), _round(third)]


def _round(value):
    return float(f"{value:.5g}")  # five digits: the file is read by people too, and no measurement has more


def _time(call, repeats, clock):
    start = clock()
    for _ in range(repeats):
        call()
    return (clock() - start) / repeats


def _calls_in_a_turn(seconds):
    return min(max(math.ceil(TURN_SECONDS / max(seconds, 1e-9)), 1), 1000)
