"""Types of the language after resolving: aliases are gone, parameters are numbers."""

from dataclasses import replace
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from syncline_runtime.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Type:
    """A type. `kind` is a kind of the runtime's codec registry: text, email, phone, url, uuid, integer, decimal, money, percent,
    boolean, date, instant, local_time, duration, country, currency, language, enum, set, list, binary; or `ref`, `record`.

    length: text(n). precision, scale: decimal(p,s). members: of an enum, in order. name: of an enum, alias, record or entity.
    item, by: of set<T>, list<T> by F. pattern: of `matching`. targets: entities of a `ref`. former: members that had another
    name, each with that name.
    """

    kind: str
    nullable: bool = False
    length: int | None = None
    precision: int | None = None
    scale: int | None = None
    members: tuple[str, ...] = ()
    name: str | None = None
    item: "Type | None" = None
    by: str | None = None
    pattern: str | None = None
    targets: tuple[str, ...] = ()
    former: tuple[tuple[str, str], ...] = ()

    def optional(self) -> Self:
        """The same type, with null."""
        return replace(self, nullable=True)

    def required(self) -> Self:
        """The same type, without null."""
        return replace(self, nullable=False)

    def __str__(self) -> str:
        match self.kind:
            case "text" if self.length:
                text = f"text({self.length})"
            case "decimal" if self.precision:
                text = f"decimal({self.precision}, {self.scale or 0})"
            case "enum" | "record":
                text = self.name or self.kind
            case "ref":
                text = "ref " + " or ".join(self.targets)
            case "set":
                text = f"set<{self.item}>"
            case "list":
                text = f"list<{self.item}>" + (f" by {self.by}" if self.by else "")
            case _:
                text = self.kind
        return text + ("?" if self.nullable else "")
