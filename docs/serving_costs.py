"""Prints the table of docs/serving.md: what serving a bundle costs a month. Change a figure and run it again.

.venv/bin/python docs/serving_costs.py
"""

# US dollars, us-east-1, without tax and without the free tiers; as published by AWS in 2026.
LAMBDA_GB_SECOND = 0.0000133334  # arm64
LAMBDA_REQUEST = 0.20 / 1e6
FARGATE_VCPU_HOUR, FARGATE_GB_HOUR = 0.03238, 0.00356  # arm64
IPV4_HOUR = 0.005
S3_GB_OUT = 0.09
HOURS = 730

# Assumptions. A whole processor on Lambda is 1,769 MB.
LAMBDA_GB = 1769 / 1024
LAMBDA_SECONDS = {"pictures": 0.030, "sentences": 0.002}
CONTAINER_VCPU, CONTAINER_GB = 0.5, 1.0
# What a container of that size answers a second, half used so that peaks fit.
CONTAINER_PER_SECOND = {"pictures": 0.5 / 0.030 / 2, "sentences": 0.5 / 0.002 / 2}
PAGE_GB = {"pictures": 0.0167, "sentences": 0.0054}
PREDICTIONS_A_VISITOR = 10


def on_lambda(requests: float, kind: str) -> float:
    return requests * (LAMBDA_REQUEST + LAMBDA_GB * LAMBDA_SECONDS[kind] * LAMBDA_GB_SECOND)


def in_containers(requests: float, kind: str) -> float:
    needed = requests / (HOURS * 3600) / CONTAINER_PER_SECOND[kind]
    hour = CONTAINER_VCPU * FARGATE_VCPU_HOUR + CONTAINER_GB * FARGATE_GB_HOUR + IPV4_HOUR
    return max(1, -(-needed // 1)) * HOURS * hour


def as_a_page(requests: float, kind: str) -> float:
    return requests / PREDICTIONS_A_VISITOR * PAGE_GB[kind] * S3_GB_OUT


def main() -> None:
    counts = (1e3, 1e5, 1e7)
    print("| target | what | " + " | ".join(f"{count:,.0f}" for count in counts) + " |")
    print("|---|---|" + "---|" * len(counts))
    targets = {"lambda": on_lambda, "docker": in_containers, "web": as_a_page}
    for name, price in targets.items():
        for kind in ("pictures", "sentences"):
            cells = (f"{price(count, kind):,.2f}" for count in counts)
            print(f"| `{name}` | {kind} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
