"""Papers behind methods, as facts for a bibliography: title and first author by arXiv number."""

from __future__ import annotations

CORE = "2504.01005"
COVERAGE = "2407.21787"

PAPERS: dict[str, tuple[str, str]] = {
    "2109.05047": ("PAC Mode Estimation using PPR Martingale Confidence Sequences", ""),
    "2203.11171": (
        "Self-Consistency Improves Chain of Thought Reasoning in Language Models",
        "Wang, Xuezhi",
    ),
    "2207.05221": ("Language Models (Mostly) Know What They Know", "Kadavath, Saurav"),
    "2207.10397": ("CodeT: Code Generation with Generated Tests", "Chen, Bei"),
    "2303.17651": ("Self-Refine: Iterative Refinement with Self-Feedback", "Madaan, Aman"),
    "2305.11860": (
        "Let's Sample Step by Step: Adaptive-Consistency for Efficient Reasoning and Coding "
        "with LLMs",
        "Aggarwal, Pranjal",
    ),
    "2305.20050": ("Let's Verify Step by Step", "Lightman, Hunter"),
    "2312.08935": (
        "Math-Shepherd: Verify and Reinforce LLMs Step-by-step without Human Annotations",
        "Wang, Peiyi",
    ),
    "2401.10480": (
        "Escape Sky-high Cost: Early-stopping Self-Consistency for Multi-step Reasoning",
        "Li, Yiwei",
    ),
    COVERAGE: (
        "Large Language Monkeys: Scaling Inference Compute with Repeated Sampling",
        "Brown, Bradley",
    ),
    "2408.03314": (
        "Scaling LLM Test-Time Compute Optimally can be More Effective than Scaling Model "
        "Parameters",
        "Snell, Charlie",
    ),
    "2408.15240": (
        "Generative Verifiers: Reward Modeling as Next-Token Prediction",
        "Zhang, Lunjun",
    ),
    "2501.13007": ("Pairwise RM: Perform Best-of-N Sampling with Knockout Tournament", ""),
    "2501.19393": ("s1: Simple test-time scaling", "Muennighoff, Niklas"),
    "2502.01618": (
        "A Probabilistic Inference Approach to Inference-Time Scaling of LLMs using "
        "Particle-Based Monte Carlo Methods",
        "Puri, Isha",
    ),
    "2502.06233": ("Confidence Improves Self-Consistency in LLMs", "Taubenfeld, Amir"),
    "2502.12215": (
        "Revisiting the Test-Time Scaling of o1-like Models: Do they Truly Possess Test-Time "
        "Scaling Capabilities?",
        "Zeng, Zhiyuan",
    ),
    "2502.18581": (
        "Scalable Best-of-N Selection for Large Language Models via Self-Certainty",
        "Kang, Zhewei",
    ),
    "2503.04412": (
        "Wider or Deeper? Scaling LLM Inference-Time Compute with Adaptive Branching Tree Search",
        "",
    ),
    "2503.23803": (
        "Thinking Longer, Not Larger: Enhancing Software Engineering Agents via Scaling "
        "Test-Time Compute",
        "Ma, Yingwei",
    ),
    "2504.00891": (
        "GenPRM: Scaling Test-Time Compute of Process Reward Models via Generative Reasoning",
        "Zhao, Jian",
    ),
    CORE: (
        "When To Solve, When To Verify: Compute-Optimal Problem Solving and Generative "
        "Verification for LLM Reasoning",
        "Singhi, Nishad",
    ),
    "2504.10337": ("Heimdall: test-time scaling on the generative verification", "Shi, Wenlei"),
    "2504.16828": ("Process Reward Models That Think", "Khalifa, Muhammad"),
    "2504.16891": (
        "AIMO-2 Winning Solution: Building State-of-the-Art Mathematical Reasoning Models with "
        "OpenMathReasoning dataset",
        "Moshkov, Ivan",
    ),
    "2505.13445": (
        "Trust, But Verify: A Self-Verification Approach to Reinforcement Learning with "
        "Verifiable Rewards",
        "Liu, Xiaoyuan",
    ),
    "2506.06923": ("Boosting LLM Reasoning via Spontaneous Self-Correction", ""),
    "2506.18203": (
        "Shrinking the Generation-Verification Gap with Weak Verifiers",
        "Saad-Falcon, Jon",
    ),
    "2508.15260": ("Deep Think with Confidence", "Fu, Yichao"),
    "2509.06870": (
        "The Majority is not always right: RL training for solution aggregation",
        "Zhao, Wenting",
    ),
    "2509.26626": (
        "Recursive Self-Aggregation Unlocks Deep Thinking in Large Language Models",
        "Venkatraman, Siddarth",
    ),
    "2510.14943": ("LaSeR: Reinforcement Learning with Last-Token Self-Rewarding", ""),
    "2511.22570": (
        "DeepSeekMath-V2: Towards Self-Verifiable Mathematical Reasoning",
        "Shao, Zhihong",
    ),
}
"""An author is left out where who comes first is not sure; all are on arXiv's page."""
