import Graphs
import Tensors

extension Verifier {
  /// Labels are classes; tables are sound.
  func checkNodeData() {
    for part in parts {
      for type in manifest.schema.nodeTypes.indices {
        let classes = manifest.classCounts[type]
        for (row, label) in (part.nodes[type].labels ?? ArrayView()).enumerated() {
          log.demand(
            label >= -1 && Int(label) < classes, "labels are classes", file: file(part, type, "labels"), row: row,
            "\(label) of \(classes)")
        }
        for (name, table) in part.nodes[type].tables.sorted(by: { $0.key < $1.key }) { checkTable(table) { file(part, type, name + $0) } }
      }
    }
  }

  /// Sets hold inner nodes of their type, increasing, each in one set; ranks number all training nodes in order.
  func checkSplits() {
    for split in manifest.splits.indices { checkSplit(split) }
  }

  private func checkSplit(_ split: Int) {
    let total = manifest.parts.reduce(0) { $0 + $1.splits[split].train.reduce(0, +) }
    // Type and original id of the training node of each rank.
    var ranked = [(type: Int, original: Int64)?](repeating: nil, count: total)
    for part in parts {
      for type in manifest.schema.nodeTypes.indices {
        let shard = part.split(split, type: type)
        var sets = [UInt8](repeating: 0, count: part.innerCount)
        let lists = [("train", shard.trainIDs), ("validation", Array(shard.validation)), ("test", Array(shard.test))]
        for (index, (name, ids)) in lists.enumerated() {
          checkSet(ids, file: file(part, type, split, name), mark: UInt8(index + 1), locals: locals(part, type: type), sets: &sets)
        }
        for row in 0..<shard.trainCount {
          let (local, rank) = (Int(shard.train[2 * row]), Int(shard.train[2 * row + 1]))
          guard rank < total, ranked[rank] == nil, local < part.innerCount else {
            log.demand(
              false, "ranks are a bijection", file: file(part, type, split, "train"), row: row, "rank \(rank) of \(total) for node \(local)"
            )
            continue
          }
          ranked[rank] = (type, part.original[local])
        }
      }
    }
    let name = manifest.splits[split]
    var previous: (Int, Int64) = (-1, -1)
    for (rank, node) in ranked.enumerated() {
      guard let node else {
        log.demand(!isComplete, "ranks are a bijection", file: Manifest.fileName, "no training node of split \(name) has rank \(rank)")
        continue
      }
      log.demand(
        previous < node, "ranks follow types and original ids", file: Manifest.fileName,
        "rank \(rank) of split \(name) is node \(node.original) of type \(node.type), after \(previous)")
      previous = node
    }
  }

  private func checkSet(_ ids: [UInt32], file place: String, mark: UInt8, locals range: Range<Int>, sets: inout [UInt8]) {
    for (row, id) in ids.enumerated() {
      guard range.contains(Int(id)) else {
        log.demand(false, "sets hold inner nodes of their type", file: place, row: row, "\(id), not in \(range)")
        continue
      }
      log.demand(row == 0 || ids[row - 1] < id, "sets increase", file: place, row: row, "\(id) after \(row == 0 ? 0 : ids[row - 1])")
      log.demand(sets[Int(id)] == 0 || sets[Int(id)] == mark, "sets are disjoint", file: place, row: row, "node \(id) is in two")
      sets[Int(id)] = mark
    }
  }
}
