"""What a project makes of findings: its settings, its own checks, its baseline, and mends in its files."""
