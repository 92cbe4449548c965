#!/usr/bin/env python3
"""Rows and sampled neighbours from `halo serve`, in Python: a second implementation of the protocol that README.md draws.

    halo_client.py 127.0.0.1:4000,127.0.0.1:4001 --table feat --nodes 3,1,4 -o rows.npy
    halo_client.py 127.0.0.1:4000,127.0.0.1:4001 --fanout 5 --nodes 3,1,4
    halo_client.py 127.0.0.1:4000,127.0.0.1:4001 --fanout 5 --edge-table feat --nodes 3,1,4

As a library: `Halo(["127.0.0.1:4000"]).rows("feat", [3, 1, 4])` is an array. Needs pyzmq and NumPy (Debian: python3-zmq, python3-numpy).
"""

import argparse
import json
import struct
import sys

import numpy
import zmq

MAGIC, VERSION = b"HALO", 1
PULL_ROWS, PULL_SPARSE_ROWS, SAMPLE_NEIGHBORS, DESCRIBE, FIND_NODES, ORIGINAL_NUMBERS, FAILURE = 1, 2, 3, 4, 5, 6, 0xFFFF
# magic, version, kind │ token │ request id │ table, part, step, count │ detail │ payload bytes
HEADER = struct.Struct("<4sHHQQIIIIQQ")
ALL = 0xFFFFFFFF
SAMPLE, LABOR = 1, 10
EDGE_IDS = 2


class HaloError(Exception):
    """A server refused a request, did not answer, or answered something else."""


class Part:
    """The server of one part."""

    def __init__(self, endpoint, token=0, timeout=10.0, version=VERSION):
        self.endpoint = endpoint if "://" in endpoint else f"tcp://{endpoint}"
        self.token, self.timeout, self.version, self.requests = token, timeout, version, 0
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.connect(self.endpoint)
        self.graph = json.loads(bytes(self.ask(DESCRIBE)[2]))

    def ask(self, kind, payload=b"", table=0, part=0, step=0, count=0):
        """Count, detail and payload of the answer to a request."""
        self.requests += 1
        header = HEADER.pack(
            MAGIC, self.version, kind, self.token, self.requests, table, part, step, count, 0, len(payload))
        self.socket.send(header + bytes(payload))
        while True:
            if not self.socket.poll(1000 * self.timeout):
                raise HaloError(f"{self.endpoint} has not answered for {self.timeout} s")
            frame = self.socket.recv()
            if len(frame) < HEADER.size:
                continue
            magic, _, answer, token, request, _, _, _, count, detail, length = HEADER.unpack_from(frame)
            if magic == MAGIC and token == self.token and request == self.requests and length == len(frame) - HEADER.size:
                break
        if answer == FAILURE:
            raise HaloError(f"{self.endpoint} refused: {frame[HEADER.size:].decode(errors='replace')}")
        if answer != kind:
            raise HaloError(f"{self.endpoint} answered kind {answer} to kind {kind}")
        return count, detail, memoryview(frame)[HEADER.size:]


class Halo:
    """Several parts of one graph, each asked for what it owns."""

    def __init__(self, peers, token=0, timeout=10.0):
        parts = [Part(peer, token, timeout) for peer in peers]
        self.graph = parts[0].graph
        for part in parts:
            if part.graph["partition"] != self.graph["partition"]:
                raise HaloError(f"{part.endpoint} serves {part.graph['name']}, another partition")
        self.parts = {part.graph["part"]: part for part in reversed(parts)}
        types = len(self.graph["nodeTypes"])
        # First global id of each part, and one past the last.
        self.starts = numpy.array(self.graph["bounds"][::types], dtype="<i8")
        # First global edge id of each part, and one past the last; none where edges have no rows.
        self.edge_starts = numpy.array(self.graph.get("edgeBounds", [])[::max(1, len(self.graph["relations"]))], dtype="<i8")

    def table(self, name, node_type=None):
        """Number and description of a table."""
        for number, table in enumerate(self.graph["tables"]):
            if table["name"] == name and node_type in (None, self.graph["nodeTypes"][table["nodeType"]]):
                return number, table
        raise HaloError(f"no table '{name}'")

    def edge_table(self, name, relation=None):
        """Number and description of a table of edges."""
        for number, table in enumerate(self.graph.get("edgeTables", [])):
            if table["name"] == name and relation in (None, self.graph["relations"][table["relation"]]["name"]):
                return len(self.graph["tables"]) + number, table
        raise HaloError(f"no edge table '{name}'")

    def find(self, nodes, node_type=0):
        """Global ids of nodes, by your numbers."""
        nodes = numpy.asarray(nodes, dtype="<i8")
        ids = numpy.full(len(nodes), -1, dtype="<i8")
        for part in self.parts.values():
            _, _, payload = part.ask(FIND_NODES, nodes.tobytes(), table=node_type, count=len(nodes))
            ids = numpy.maximum(ids, numpy.frombuffer(payload, dtype="<i8"))
        if (ids < 0).any():
            raise HaloError(f"node {nodes[ids < 0][0]} lies in no part that is served")
        return ids

    def owners(self, ids, starts=None):
        """Pairs of a part and the positions of its nodes among `ids`, or of its edges with their `starts`."""
        owner = numpy.searchsorted(self.starts if starts is None else starts, ids, side="right") - 1
        return [(number, numpy.flatnonzero(owner == number)) for number in numpy.unique(owner)]

    def rows(self, name, nodes, node_type=None):
        """Rows of a dense table, shape (nodes, columns); of a sparse one a list of (columns, values), one for each node.

        bfloat16 and int8 come as the float32 that they stand for.
        """
        number, table = self.table(name, node_type)
        return self.pull(number, table, self.find(nodes, table["nodeType"]), self.starts)

    def pull(self, number, table, ids, starts):
        """Rows by global ids of nodes or of edges, whose parts begin at `starts`."""
        rows = [None] * len(ids)
        for part, positions in self.owners(ids, starts):
            local = (ids[positions] - starts[part]).astype("<u4")
            kind = PULL_ROWS if table["layout"] == "dense" else PULL_SPARSE_ROWS
            _, detail, payload = self.parts[part].ask(kind, local.tobytes(), table=number, part=part, count=len(local))
            read = dense_rows if kind == PULL_ROWS else sparse_rows
            for position, row in zip(positions, read(payload, len(local), detail, table)):
                rows[position] = row
        return numpy.stack(rows) if rows and table["layout"] == "dense" else rows

    def neighbors(self, nodes, fanout, node_type=0, step=0, hop=0, purpose=SAMPLE):
        """Sampled in-edges, shape (edges, 3): node, position of the relation, neighbour.

        `fanout` is a list with a number, or None for all, for each relation.
        """
        return self.sample(nodes, fanout, node_type, step, hop, purpose, 0)[0]

    def edge_rows(self, name, nodes, fanout, relation=None, step=0, hop=0, purpose=SAMPLE):
        """Sampled in-edges of the relation of a table of edges, as `neighbors` gives them, and the row of each as `rows` does.

        `fanout` is the number taken of each node, or None for all.
        """
        number, table = self.edge_table(name, relation)
        limits = [fanout if place == table["relation"] else 0 for place in range(len(self.graph["relations"]))]
        edges, ids = self.sample(nodes, limits, table["nodeType"], step, hop, purpose, EDGE_IDS)
        rows = self.pull(number, table, ids, self.edge_starts)
        if table["layout"] == "dense" and len(ids) == 0:
            rows = numpy.zeros((0, table["columns"]), dtype="<f4")
        return edges, rows

    def sample(self, nodes, fanout, node_type, step, hop, purpose, columns):
        """Sampled in-edges, and their global ids where `columns` asks for them."""
        nodes = numpy.asarray(nodes, dtype="<i8")
        ids = self.find(nodes, node_type)
        relations = len(self.graph["relations"])
        limits = numpy.array([ALL if limit is None else limit for limit in fanout], dtype="<u4")
        edge_bytes = 8 if columns & EDGE_IDS else 0
        head = struct.pack("<BBHHBB", hop, purpose, columns, relations, 8, edge_bytes) + limits.tobytes()
        edges, edge_ids = [None] * len(ids), [None] * len(ids)
        for part, positions in self.owners(ids):
            server = self.parts[part]
            count, _, payload = server.ask(SAMPLE_NEIGHBORS, head + ids[positions].tobytes(), step=step, count=len(positions))
            answer = struct.unpack_from("<HHBBHQ", payload)
            total = answer[5]
            if answer[:4] + (count,) != (columns, relations, 8, edge_bytes, len(positions)):
                raise HaloError(f"{server.endpoint} answered {answer[:4] + (count,)}")
            taken = numpy.frombuffer(payload, dtype="<u4", count=len(positions) * relations, offset=16).reshape(-1, relations)
            sources = numpy.frombuffer(payload, dtype="<i8", count=total, offset=16 + 4 * taken.size)
            named = numpy.frombuffer(payload, dtype="<i8", count=total if edge_bytes else 0, offset=16 + 4 * taken.size + 8 * total)
            _, _, payload = server.ask(ORIGINAL_NUMBERS, sources.tobytes(), count=len(sources))
            numbers = numpy.frombuffer(payload, dtype="<i8")
            ends = numpy.cumsum(taken.sum(axis=1, dtype="<i8"))
            for row, position in enumerate(positions):
                relation = numpy.repeat(numpy.arange(relations), taken[row])
                mine = numbers[ends[row] - len(relation):ends[row]]
                edge_ids[position] = named[ends[row] - len(relation):ends[row]]
                edges[position] = numpy.stack([numpy.full(len(mine), nodes[position]), relation, mine], axis=1)
        if not edges:
            return numpy.zeros((0, 3), dtype="<i8"), numpy.zeros(0, dtype="<i8")
        return numpy.concatenate(edges), numpy.concatenate(edge_ids)


def dense_rows(payload, count, width, table):
    """The rows of an answer of `count` rows of `width` bytes."""
    columns, name = table["columns"], table["elementType"]
    raw = numpy.frombuffer(payload, dtype=numpy.uint8).reshape(count, width)
    if name == "int8":  # The elements, zeros to a bound of four bytes, the row's scale.
        scales = raw[:, (columns + 3) // 4 * 4:].copy().view("<f4")
        return raw[:, :columns].view("|i1").astype("<f4") * scales
    rows = raw.copy().view(numpy.dtype("uint16" if name == "bfloat16" else name).newbyteorder("<"))
    return (rows.astype("<u4") << 16).view("<f4") if name == "bfloat16" else rows


def sparse_rows(payload, count, entries, _):
    """The (columns, values) of the rows of an answer with so many entries."""
    ends = numpy.cumsum(numpy.frombuffer(payload, dtype="<u4", count=count), dtype="<i8")
    columns = numpy.frombuffer(payload, dtype="<u4", count=entries, offset=4 * count)
    values = numpy.frombuffer(payload, dtype="<f4", count=entries, offset=4 * (count + entries))
    return [(columns[start:end], values[start:end]) for start, end in zip([0, *ends[:-1]], ends)]


def main():
    parser = argparse.ArgumentParser(description="Ask `halo serve` for rows or sampled neighbours, by your node numbers.")
    parser.add_argument("peers", help="servers, ADDRESS:PORT, separated by commas")
    parser.add_argument("--table", help="table whose rows are pulled")
    parser.add_argument("--fanout", help="in-neighbours of each node, for each relation: 5,all")
    parser.add_argument("--edge-table", help="table whose rows of the sampled edges are pulled beside them")
    parser.add_argument("--relation", help="relation of the edge table, where several have one of its name")
    parser.add_argument("--nodes", help="your numbers of the nodes: 3,1,4")
    parser.add_argument("--step", type=int, default=0, help="step of the run, key of the samples")
    parser.add_argument("--hop", type=int, default=0, help="distance from the seeds, key of the samples")
    parser.add_argument("--labor", action="store_true", help="take neighbours as the sampler 'labor' does")
    parser.add_argument("--token", type=int, default=0, help="number that the servers expect")
    parser.add_argument("--timeout", type=float, default=10, help="seconds after which a silent server is given up")
    parser.add_argument("-o", "--output", help=".npy file to make; text otherwise")
    options = parser.parse_args()
    if options.edge_table and not options.fanout:
        parser.error("--edge-table goes with --fanout")
    halo = Halo(options.peers.split(","), options.token, options.timeout)
    nodes = [int(node) for node in options.nodes.split(",")] if options.nodes else []
    purpose = LABOR if options.labor else SAMPLE
    fanout = [None if limit == "all" else int(limit) for limit in options.fanout.split(",")] if options.fanout else []
    rows = None
    if options.table:
        result = halo.rows(options.table, nodes)
    elif options.edge_table:
        relation = halo.edge_table(options.edge_table, options.relation)[1]["relation"]
        result, rows = halo.edge_rows(
            options.edge_table, nodes, fanout[relation if len(fanout) > 1 else 0], options.relation, options.step, options.hop, purpose)
    elif options.fanout:
        result = halo.neighbors(nodes, fanout, step=options.step, hop=options.hop, purpose=purpose)
    else:
        print(json.dumps(halo.graph))
        return
    if options.output:
        numpy.save(options.output, result)
        if rows is not None:
            numpy.save(f"{options.output.removesuffix('.npy')}.{options.edge_table}.npy", rows)
    elif rows is not None:
        for edge, row in zip(result, rows):
            print(",".join(map(str, edge.tolist())), text(row))
    else:
        for row in result:
            print(text(row))


def text(row):
    """A dense row as numbers, a sparse one as column:value."""
    return " ".join(f"{c}:{v}" for c, v in zip(*row)) if isinstance(row, tuple) else ",".join(map(str, row.tolist()))


if __name__ == "__main__":
    try:
        main()
    except (HaloError, zmq.ZMQError) as error:
        sys.exit(f"halo_client: {error}")
