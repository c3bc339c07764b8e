"""An administrator's look at Tryton, over its own JSON-RPC."""

import base64
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from .http import Answered, answers, call

# Records that are archived are wanted too.
_EVERYTHING = {"active_test": False}
# The kinds of contact mechanism that a party has at most one of; `other` is where its tags are kept, separated by commas.
_MECHANISMS = ("email", "phone", "mobile", "website", "other")


class TrytonClient:
    """Parties and products, for reading and for editing as a user would."""

    def __init__(self, url: str, database: str, user: str, password: str) -> None:
        self._url, self._database, self._user, self._password = url, database, user, password
        self._session: str | None = None

    def serves(self) -> bool:
        """Whether the server answers."""
        return answers("POST", f"{self._url}/rpc/", {"id": 0, "method": "common.server.version", "params": []})

    def parties(self, address: str | None = None) -> dict[str, dict[str, Any]]:
        """Every party but our own company's, archived ones too, by id: plain fields, the first contact mechanism of each
        kind, the VAT number, the language's code, and the names of the categories. With an e-mail address, in whatever case:
        those alone that have it."""
        nested = (
            "contact_mechanisms.type",
            "contact_mechanisms.value",
            "lang.code",
            "tax_identifier.code",
            "categories.name",
        )
        names = ("name", "code", "active", *nested)
        domain = self._customers()
        if address is not None:
            domain = [*domain, ["contact_mechanisms.value", "ilike", address]]
        rows = self.model("party.party", "search_read", domain, 0, None, [["id", "ASC"]], names)
        return {
            str(row["id"]): {
                **{name: row[name] for name in ("name", "code")},
                "active": bool(row["active"]),
                **{kind: _first(row["contact_mechanisms."], kind) for kind in _MECHANISMS},
                "lang": (row["lang."] or {}).get("code"),
                "vat": (row["tax_identifier."] or {}).get("code"),
                "categories": frozenset(category["name"] for category in row["categories."]),
            }
            for row in rows
        }

    def products(self) -> dict[str, dict[str, Any]]:
        """Every product template by id: name, code, active and the list price in the company's currency."""
        names = ("name", "code", "active", "list_price")
        rows = self.model("product.template", "search_read", [], 0, None, [["id", "ASC"]], names)
        return {
            str(row["id"]): {
                "name": row["name"],
                "code": row["code"],
                "active": bool(row["active"]),
                "list_price": None if row["list_price"] is None else Decimal(row["list_price"]["decimal"]),
            }
            for row in rows
        }

    def stamps(self, model: str = "party.party") -> dict[str, str]:
        """When each record, and for parties what hangs on it, was last written, by id."""
        parts = ("contact_mechanisms", "identifiers") if model == "party.party" else ()
        names = ("_timestamp", *(f"{part}._timestamp" for part in parts))
        domain = self._customers() if model == "party.party" else []
        return {
            str(row["id"]): repr(
                [row["_timestamp"], *(sorted(_stamp(item) for item in row[f"{part}."]) for part in parts)]
            )
            for row in self.model(model, "search_read", domain, 0, None, [["id", "ASC"]], names)
        }

    def create_parties(self, values: Sequence[Mapping[str, Any]]) -> list[str]:
        """Make parties and give their ids, in order. Beside Tryton's own fields: a kind of contact mechanism; `vat`, a
        European VAT number; `categories`, names, made where they are missing; `lang`, a code; `active`. Raises Answered."""
        categories = self._category_ids(sorted({name for value in values for name in value.get("categories", ())}))
        languages = self._language_ids()
        archived = [not value.get("active", True) for value in values]
        ids = self.model("party.party", "create", [_party_values(value, categories, languages) for value in values])
        self.archive("party.party", [key for key, gone in zip(ids, archived, strict=True) if gone])
        return [str(key) for key in ids]

    def create_products(self, values: Sequence[Mapping[str, Any]]) -> list[str]:
        """Make product templates (`name`, `code`, `list_price`) and give their ids, in order. Raises Answered."""
        unit = self.model("product.uom", "search_read", [["symbol", "=", "u"]], 0, 1, None, ["id"])[0]["id"]
        ids = self.model("product.template", "create", [{"default_uom": unit, **_tagged(value)} for value in values])
        return [str(key) for key in ids]

    def edit_party(self, key: str, **fields: Any) -> None:
        """Change a party as its form does: plain fields, the language by code, categories by name, the first contact
        mechanism of a kind and the VAT number (None removes them). Raises Answered."""
        values: dict[str, Any] = {name: value for name, value in fields.items() if name in ("name", "active")}
        if "lang" in fields:
            values["lang"] = self._language_ids()[fields["lang"]] if fields["lang"] else None
        if "categories" in fields:
            values["categories"] = self._category_commands(int(key), fields["categories"])
        if commands := self._mechanism_commands(int(key), {n: v for n, v in fields.items() if n in _MECHANISMS}):
            values["contact_mechanisms"] = commands
        if "vat" in fields:
            values["identifiers"] = self._identifier_commands(int(key), fields["vat"])
        self.model("party.party", "write", [int(key)], values)

    def edit_product(self, key: str, **fields: Any) -> None:
        """Change fields of a product template. Raises Answered."""
        self.model("product.template", "write", [int(key)], _tagged(fields))

    def archive(self, model: str, keys: Sequence[str | int]) -> None:
        """Archive records. Raises Answered."""
        if keys:
            self.model(model, "write", [int(key) for key in keys], {"active": False})

    def delete(self, model: str, keys: Sequence[str]) -> None:
        """Remove records. Raises Answered."""
        self.model(model, "delete", [int(key) for key in keys])

    def clear(self) -> None:
        """Remove every product, category and party but our own company's."""
        for model, domain in (("product.template", []), ("party.party", self._customers()), ("party.category", [])):
            rows = self.model(model, "search_read", domain, 0, None, [["id", "ASC"]], ["id"])
            if rows:
                self.model(model, "delete", [row["id"] for row in rows])

    def create_company(self, name: str, currency: str) -> None:
        """Make the company that prices belong to, and put the administrator into it. Raises Answered."""
        rate = {"date": {"__class__": "date", "year": 2020, "month": 1, "day": 1}, "rate": _decimal(Decimal(1))}
        euro = {
            "name": currency,
            "code": currency,
            "symbol": currency,
            "digits": 2,
            "rounding": _decimal(Decimal("0.01")),
        }
        (money,) = self.model("currency.currency", "create", [{**euro, "rates": [["create", [rate]]]}])
        (party,) = self.model("party.party", "create", [{"name": name}])
        (company,) = self.model("company.company", "create", [{"party": party, "currency": money}])
        users = self.model("res.user", "search_read", [["login", "=", self._user]], 0, 1, None, ["id"])
        self.model("res.user", "write", [users[0]["id"]], {"companies": [["add", [company]]], "company": company})

    def model(self, model: str, method: str, *parameters: Any) -> Any:
        """Call a method of a model, as the only company, and give its result. Raises Answered."""
        return self._call(f"model.{model}.{method}", *parameters, {**_EVERYTHING, "company": 1})

    def _call(self, method: str, *parameters: Any) -> Any:
        if self._session is None:
            user, key, *_ = self._post("common.db.login", [self._user, {"password": self._password}], {})
            self._session = base64.b64encode(f"{self._user}:{user}:{key}".encode()).decode()
        return self._post(method, parameters, {"Authorization": f"Session {self._session}"})

    def _post(self, method: str, parameters: Sequence[Any], headers: Mapping[str, str]) -> Any:
        request = {"id": 0, "method": method, "params": list(parameters)}
        answer = call("POST", f"{self._url}/{self._database}/rpc/", request, headers)
        if "error" in answer:
            raise Answered(200, answer["error"])
        return answer["result"]

    def _customers(self) -> list[Any]:
        companies = self.model("company.company", "search_read", [], 0, None, None, ["party"])
        return [["id", "not in", [company["party"] for company in companies]]]

    def _language_ids(self) -> dict[str, int]:
        rows = self.model("ir.lang", "search_read", [], 0, None, None, ["code"])
        return {row["code"]: row["id"] for row in rows}

    def _category_ids(self, names: Sequence[str]) -> dict[str, int]:
        rows = self.model("party.category", "search_read", [["name", "in", names]], 0, None, None, ["name"])
        known = {row["name"]: row["id"] for row in rows}
        missing = [name for name in names if name not in known]
        made = self.model("party.category", "create", [{"name": name} for name in missing]) if missing else []
        return {**known, **dict(zip(missing, made, strict=True))}

    def _category_commands(self, party: int, names: Sequence[str]) -> list[Any]:
        wanted = set(self._category_ids(sorted(names)).values())
        has = set(self.model("party.party", "read", [party], ["categories"])[0]["categories"])
        return [["add", sorted(wanted - has)], ["remove", sorted(has - wanted)]]

    def _identifier_commands(self, party: int, code: str | None) -> list[Any]:
        has = self.model("party.party", "read", [party], ["identifiers"])[0]["identifiers"]
        removed = [["delete", has]] if has else []
        return [*removed, ["create", [{"type": "eu_vat", "code": code}]]] if code else removed

    def _mechanism_commands(self, party: int, wanted: Mapping[str, str | None]) -> list[Any]:
        if not wanted:
            return []
        names = ["contact_mechanisms.type"]
        mechanisms = self.model("party.party", "read", [party], names)[0]["contact_mechanisms."]
        commands: list[Any] = []
        for kind, value in wanted.items():
            first = next((mechanism["id"] for mechanism in mechanisms if mechanism["type"] == kind), None)
            if first is None and value:
                commands.append(["create", [{"type": kind, "value": value}]])
            elif first is not None:
                commands.append(["write", [first], {"value": value}] if value else ["delete", [first]])
        return commands


def _party_values(
    value: Mapping[str, Any], categories: Mapping[str, int], languages: Mapping[str, int]
) -> dict[str, Any]:
    plain = {name: value[name] for name in ("name", "code") if value.get(name) is not None}
    if mechanisms := [{"type": kind, "value": value[kind]} for kind in _MECHANISMS if value.get(kind)]:
        plain["contact_mechanisms"] = [["create", mechanisms]]
    if vat := value.get("vat"):
        plain["identifiers"] = [["create", [{"type": "eu_vat", "code": vat}]]]
    if names := value.get("categories"):
        plain["categories"] = [["add", [categories[name] for name in sorted(names)]]]
    if code := value.get("lang"):
        plain["lang"] = languages[code]
    return plain


def _first(mechanisms: Sequence[Mapping[str, Any]], kind: str) -> str | None:
    return next((mechanism["value"] for mechanism in mechanisms if mechanism["type"] == kind), None)


def _stamp(row: Mapping[str, Any]) -> tuple[int, str]:
    return row["id"], row["_timestamp"]


def _tagged(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _decimal(value) if isinstance(value, Decimal) else value for name, value in values.items()}


def _decimal(number: Decimal) -> dict[str, str]:
    return {"__class__": "Decimal", "decimal": str(number)}
