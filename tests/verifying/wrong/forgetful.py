"""A codec that claims to read what it wrote, and does not."""


class Loud:
    """Writes capitals, and reads them as they stand."""

    def get(self, native: str) -> str:
        return native

    def put(self, canonical: str) -> str:
        return canonical.upper()
