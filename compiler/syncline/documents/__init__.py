"""The syntax tree and the resolved model as JSON, for tools that are not ours."""
