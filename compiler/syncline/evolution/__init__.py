"""What a new version of a spec does to what already runs: two resolved specs compared, change by change."""
