"""Reads the graph in a dataset directory or a partition directory of halo, with NumPy alone."""

import json
import os

import numpy as np


class InputError(Exception):
    """A file that is not what it should be; its text is one line with the place, what was expected and what was found."""

    def __init__(self, place, expected, found):
        super().__init__(f"{place}: expected {expected}, found {found}")


def read_graph(directory):
    """The graph of a directory that halo wrote.

    Only of one type of nodes and one relation. Returns a `Graph`; raises `InputError`.
    """
    if os.path.exists(f"{directory}/graph.json"):
        return PartitionedGraph(directory)
    if os.path.exists(f"{directory}/dataset.json"):
        return Graph(directory)
    raise InputError(directory, "a directory with dataset.json or graph.json", "neither")


class Graph:
    """A dataset directory.

    nodes: their number. edges: sources and destinations in the user's numbering, int64 (2, edges).
    """

    manifest_name = "dataset.json"

    def __init__(self, directory):
        self.directory = directory
        path = f"{directory}/{self.manifest_name}"
        try:
            with open(path, encoding="utf-8") as file:
                self.manifest = json.load(file)
        except (OSError, ValueError) as error:
            raise InputError(path, "JSON", error) from None
        if self.manifest.get("formatVersion") != 2:
            raise InputError(path, "format version 2", self.manifest.get("formatVersion"))
        types, relations = self._schema()
        if len(types) != 1 or len(relations) != 1:
            raise InputError(path, "one type of nodes and one relation", ", ".join(types + relations))
        self._type, self._relation = types[0], relations[0]
        self._read()

    def table(self, name):
        """The rows of a table, float32 (nodes, columns), sparse ones spread out."""
        tables = {table["name"]: table for table in self._tables()}
        if name not in tables:
            raise InputError(self.directory, f"a table '{name}'", ", ".join(sorted(tables)) or "none")
        return self._table(tables[name])

    def _schema(self):
        names = [[item["name"] for item in self.manifest[kind]] for kind in ("nodeTypes", "relations")]
        return names[0], names[1]

    def _read(self):
        self.nodes = self.manifest["nodeTypes"][0]["count"]
        self.edges = np.stack([self._load(f"edges/{self._relation}/{end}").astype(np.int64) for end in ("sources", "destinations")])

    def _tables(self):
        return self.manifest["nodeTypes"][0]["tables"]

    def _table(self, table):
        return self._rows(table, f"nodes/{self._type}/{table['name']}")

    def _load(self, name):
        path = f"{self.directory}/{name}.npy"
        try:
            return np.load(path)
        except (OSError, ValueError) as error:
            raise InputError(path, "an array", error) from None

    def _rows(self, table, path):
        columns = table["columns"]
        if table["layout"] == "dense":
            rows = self._load(path)[:, :columns]  # Rows of a partition may be padded.
            if table["elementType"] == "int8":  # Each row has a scale.
                return rows.astype(np.float32) * self._load(f"{path}.scale")[:, np.newaxis]
            if table["elementType"] == "bfloat16":  # NumPy has no such type: the file holds the upper halves of float32 values.
                return (rows.astype(np.uint32) << 16).view(np.float32)
            return rows.astype(np.float32)
        indptr, indices, data = (self._load(f"{path}.{part}") for part in ("indptr", "indices", "data"))
        rows = np.zeros((len(indptr) - 1, columns), np.float32)
        np.add.at(rows, (np.repeat(np.arange(len(rows)), np.diff(indptr)), indices), data)
        return rows


class PartitionedGraph(Graph):
    """A partition directory, its parts joined in the user's numbering."""

    manifest_name = "graph.json"

    def _schema(self):
        schema = self.manifest["schema"]
        return schema["nodeTypes"], [relation["name"] for relation in schema["relations"]]

    def _read(self):
        self._parts = [f"part-{part:03}" for part in range(self.manifest["partCount"])]
        self._original = [self._load(f"{part}/original") for part in self._parts]
        self.nodes = sum(map(len, self._original))
        edges = [self._in_edges(part, original) for part, original in zip(self._parts, self._original)]
        self.edges = np.concatenate(edges, axis=1)

    def _in_edges(self, part, original):
        """The in-edges of a part's inner nodes; sources are numbered locally, inner nodes first, then the halo."""
        user = np.concatenate([original, self._load(f"{part}/halo_original")])
        return np.stack([user[self._load(f"{part}/indices")], np.repeat(original, np.diff(self._load(f"{part}/indptr")))])

    def _tables(self):
        return self.manifest["tables"]

    def _table(self, table):
        rows = np.empty((self.nodes, table["columns"]), np.float32)
        for part, original in zip(self._parts, self._original):
            rows[original] = self._rows(table, f"{part}/nodes/{self._type}/{table['name']}")
        return rows
