"""Where each field comes from, who decides it and where it goes."""
