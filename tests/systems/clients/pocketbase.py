"""An administrator's look at PocketBase, over its own API."""

from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter
from typing import Any

from .http import answers, call

_MACHINERY = frozenset({"collectionId", "collectionName"})


class PocketBaseClient:
    """Everything in every collection, for reading and for editing as a user would."""

    def __init__(self, url: str, email: str, password: str) -> None:
        self._api = f"{url}/api"
        self._identity = {"identity": email, "password": password}
        self._token: str | None = None

    def serves(self) -> bool:
        """Whether the server answers."""
        return answers("GET", f"{self._api}/health")

    def all(self, collection: str) -> dict[str, dict[str, Any]]:
        """Every record by id."""
        found: dict[str, dict[str, Any]] = {}
        page = 1
        while True:
            path = f"/collections/{collection}/records?perPage=1000&page={page}&sort=id&skipTotal=1"
            items = self._call("GET", path)["items"]
            found |= {
                item["id"]: {name: value for name, value in item.items() if name not in _MACHINERY} for item in items
            }
            if len(items) < 1000:
                return found
            page += 1

    def stamps(self, collection: str) -> dict[str, str]:
        """When each record was last written, by id."""
        return {key: str(record["updated"]) for key, record in self.all(collection).items()}

    def create(self, collection: str, record: Mapping[str, Any]) -> str:
        """Make a record and give its id. Raises Answered."""
        return str(self._call("POST", f"/collections/{collection}/records", record)["id"])

    def load(self, collection: str, records: Sequence[Mapping[str, Any]], *, at_once: int = 50) -> list[str]:
        """Make many records and give their ids, in order. Raises Answered."""
        url = f"/api/collections/{collection}/records"
        ids: list[str] = []
        for start in range(0, len(records), at_once):
            part = records[start : start + at_once]
            requests = [{"method": "POST", "url": url, "body": record} for record in part]
            ids += [answer["body"]["id"] for answer in self._call("POST", "/batch", {"requests": requests})]
        return ids

    def edit(self, collection: str, key: str, **fields: Any) -> None:
        """Change fields of a record. Raises Answered."""
        self._call("PATCH", f"/collections/{collection}/records/{key}", fields)

    def delete(self, collection: str, key: str) -> None:
        """Remove a record. Raises Answered."""
        self._call("DELETE", f"/collections/{collection}/records/{key}")

    def clear(self) -> None:
        """Remove every record of the collections that are not the server's own; those that refer to another first."""
        referred = {
            collection["id"]: {field["collectionId"] for field in collection["fields"] if field["type"] == "relation"}
            - {collection["id"]}
            for collection in self._call("GET", "/collections?perPage=200")["items"]
            if not collection["system"] and collection["type"] == "base"
        }
        for name in reversed(list(TopologicalSorter(referred).static_order())):
            if name in referred:
                self._call("DELETE", f"/collections/{name}/truncate")

    def collections(self) -> set[str]:
        """The names of all collections."""
        return {str(collection["name"]) for collection in self._call("GET", "/collections?perPage=200")["items"]}

    def create_collection(self, name: str, fields: Sequence[Mapping[str, Any]], indexes: Sequence[str]) -> str:
        """Make a collection and give its id. Raises Answered."""
        body = {"name": name, "type": "base", "fields": fields, "indexes": indexes}
        return str(self._call("POST", "/collections", body)["id"])

    def add_field(self, collection: str, field: Mapping[str, Any]) -> None:
        """Add a field to a collection. Raises Answered."""
        known = self._call("GET", f"/collections/{collection}")["fields"]
        self._call("PATCH", f"/collections/{collection}", {"fields": [*known, field]})

    def settings(self, changes: Mapping[str, Any]) -> None:
        """Change the server's settings. Raises Answered."""
        self._call("PATCH", "/settings", changes)

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        if self._token is None:
            answer = call("POST", f"{self._api}/collections/_superusers/auth-with-password", self._identity)
            self._token = str(answer["token"])
        return call(method, self._api + path, body, {"Authorization": self._token})
