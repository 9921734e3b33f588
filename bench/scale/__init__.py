"""What many links cost on AWS and what breaks first: a day's traffic against quotas, fed by showcam's own requests."""
