"""Read the text of `/metrics`, as Prometheus would."""

from prometheus_client.parser import text_string_to_metric_families


def sum_samples(text: str, name: str, **labels: str) -> float:
    """Return the sum of a metric's samples that have these labels."""
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )
