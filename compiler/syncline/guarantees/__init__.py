"""What a sync promises with these systems, what it cannot, and what it costs: facts of the declarations, no findings."""
