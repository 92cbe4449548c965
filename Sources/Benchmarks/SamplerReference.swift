import Graphs
import Loading
import Partitions
import Sampling
import Tensors

/// Samples a batch again from the definitions: `NeighborPicker` or `LaborRule` for each destination, a dictionary for the rows.
struct SamplerReference {
  let book: PartitionBook
  /// In-edges of every part.
  let parts: [InEdges]
  let seed: UInt64
  let purpose: RandomPurpose
  /// In-edges taken by layer (input hop first) and relation.
  let limits: [[Int]]

  /// - Returns: What differs first, `nil` when the batch is as defined.
  func difference(of batch: PartBatch, step: UInt32) -> String? {
    var destinations = Array(batch.seedIDs.elements)
    for layer in limits.indices.reversed() {
      let block = batch.blocks[layer]
      let place = "part \(batch.part), step \(step), layer \(layer)"
      guard block.destinationCount == destinations.count else { return "\(place): \(block.destinationCount) destinations" }
      var rows: [GlobalID: UInt32] = [:]
      var ids: [GlobalID] = []
      func row(_ id: GlobalID) -> UInt32 {
        if let row = rows[id] { return row }
        rows[id] = UInt32(ids.count)
        ids.append(id)
        return UInt32(ids.count - 1)
      }
      for destination in destinations { _ = row(destination) }
      for (number, destination) in destinations.enumerated() {
        for (relation, list) in block.relations.enumerated() {
          let expected = taken(of: destination, relation: relation, layer: layer, step: step).map(row)
          let range = Int(list.indptr[number])..<Int(list.indptr[number + 1])
          guard Array(list.sources.elements[range]) == expected else { return "\(place): neighbours of node \(destination.rawValue)" }
        }
      }
      guard Array(block.sourceIDs.elements) == ids else { return "\(place): rows" }
      destinations = ids
    }
    return nil
  }

  /// Global ids of the sources that a node takes.
  private func taken(of node: GlobalID, relation: Int, layer: Int, step: UInt32) -> [GlobalID] {
    let edges = parts[book.owner(of: node)]
    let local = Int(book.innerLocalID(of: node).rawValue)
    let range = edges.edges(of: local, relation: relation)
    let limit = limits[layer][relation]
    let key = HopSampler.key(seed: seed, purpose: purpose, hop: limits.count - 1 - layer, relation: relation)
    var chosen = Array(range)
    if range.count > limit, purpose == .labor {
      let rule = LaborRule(key: key, step: step)
      chosen = range.filter { rule.takes(source: edges.originalSource(of: $0), degree: range.count, limit: limit) }
    } else if range.count > limit {
      let picks = [UInt32](unsafeUninitializedCapacity: limit) { buffer, count in
        if let base = buffer.baseAddress {
          NeighborPicker(key: key, step: step).pick(limit, of: range.count, id: UInt64(bitPattern: edges.original[local]), into: base)
        }
        count = limit
      }
      chosen = picks.map { range.lowerBound + Int($0) }
    }
    return chosen.map { GlobalID(edges.source(of: $0)) }
  }
}
