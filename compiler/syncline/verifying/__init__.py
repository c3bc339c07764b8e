"""A spec under simulation: what is asked of the runtime's simulator, what it cannot ask, and the result as a document."""
