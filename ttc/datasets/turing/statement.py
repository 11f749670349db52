"""That a machine halts after so many steps, as a theorem of Lean 4 without any library.

The tape is a zipper: the squares to the left of the head, nearest first, the one under it, and
those to the right; beyond what is listed all are blank. So the statement can be computed.
"""

from __future__ import annotations

from ttc.datasets.turing.machine import HALT, LEFT, Machine, Transition

_STATEMENT = """\
/-! The Turing machine {machine}: state 0 is A; `none` is the halting state. -/
namespace BusyBeaver

inductive Move where
  | left
  | right

structure Config where
  state : Option Nat
  before : List Nat
  head : Nat
  after : List Nat

/-- By state and symbol read: what is written, where the head moves, and the next state. -/
def transition : Nat → Nat → Nat × Move × Option Nat
{transitions}
  | _, s => (s, .right, none)

def moved (write : Nat) (state : Option Nat) (c : Config) : Move → Config
  | .left =>
    (match c.before with
    | [] => ⟨state, [], 0, write :: c.after⟩
    | s :: rest => ⟨state, rest, s, write :: c.after⟩)
  | .right =>
    (match c.after with
    | [] => ⟨state, write :: c.before, 0, []⟩
    | s :: rest => ⟨state, write :: c.before, s, rest⟩)

def step (c : Config) : Config :=
  match c.state with
  | none => c
  | some q =>
    let (write, move, state) := transition q c.head
    moved write state c move

/-- The configuration after `n` steps from a blank tape in state A. -/
def run : Nat → Config
  | 0 => ⟨some 0, [], 0, []⟩
  | n + 1 => step (run n)

/-- It is halted after `n` steps, and not before. -/
def HaltsAfter (n : Nat) : Prop :=
  (run n).state = none ∧ ∀ m, m < n → (run m).state ≠ none

theorem halts_after : HaltsAfter {steps} := by
  sorry

end BusyBeaver
"""


def halting_theorem(machine: Machine, steps: int) -> str:
    """The theorem that it halts after exactly so many steps; its proof is left open (`sorry`)."""
    lines = [
        f"  | {q}, {s} => {_lean(transition)}"
        for q, row in enumerate(machine.table)
        for s, transition in enumerate(row)
        if transition is not None
    ]
    return _STATEMENT.format(machine=machine, steps=steps, transitions="\n".join(lines))


def _lean(transition: Transition) -> str:
    write, move, state = transition
    to = "none" if state == HALT else f"some {state}"
    return f"({write}, {'.left' if move == LEFT else '.right'}, {to})"
