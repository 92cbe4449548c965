import Graphs
import Tensors

extension Verifier {
  /// Labels are classes; rows of sparse tables are increasing columns; padding is zero; scales are finite and not negative.
  func checkNodeData() {
    for part in parts {
      for type in manifest.schema.nodeTypes.indices {
        let classes = manifest.classCounts[type]
        for (row, label) in (part.nodes[type].labels ?? ArrayView()).enumerated() {
          log.demand(
            label >= -1 && Int(label) < classes, "labels are classes", file: file(part, type, "labels"), row: row,
            "\(label) of \(classes)")
        }
        for (name, table) in part.nodes[type].tables.sorted(by: { $0.key < $1.key }) {
          switch table {
          case .dense(let rows):
            checkPadding(rows, file: file(part, type, name))
            if rows.elementType == .int8 { checkScales(rows, part: part, type: type, name: name) }
          case .sparse(let rows): checkSparse(rows, part: part, type: type, name: name)
          }
        }
      }
    }
  }

  private func checkPadding(_ rows: DenseRows, file: String) {
    let width = rows.columns * rows.elementType.size
    // Of int8 rows, what lies before the scale and what lies after it.
    let scale = ElementType.scaleOffset(columns: rows.columns)
    let gaps = rows.elementType == .int8 ? [width..<scale, scale + 4..<rows.strideBytes] : [width..<rows.strideBytes]
    guard !gaps.allSatisfy(\.isEmpty) else { return }
    for row in 0..<rows.rows {
      let bytes = rows.bytes.pointer + row * rows.strideBytes
      let isZero = gaps.allSatisfy { gap in gap.allSatisfy { bytes[$0] == 0 } }
      log.demand(isZero, "padding is zero", file: file, row: row, "other bytes")
    }
  }

  /// The scales that rows carry, and those of the file beside them.
  private func checkScales(_ rows: DenseRows, part: LocalPartition, type: Int, name: String) {
    let place = file(part, type, name + ".scale")
    guard let file = try? NPYArray(mapping: "\(directory)/\(place)"), let listed = try? file.elements(as: Float.self, shape: [rows.rows])
    else { return log.demand(false, "scales are readable", file: place, "no float32 of \(rows.rows) rows") }
    for row in 0..<rows.rows {
      let scale = rows.scale(of: row)
      log.demand(scale.isFinite && scale >= 0, "scales are finite and not negative", file: place, row: row, "\(scale)")
      log.demand(
        scale.bitPattern == listed[row].bitPattern, "scales are those of the rows", file: place, row: row,
        "\(listed[row]), the row carries \(scale)")
    }
  }

  private func checkSparse(_ rows: SparseRows, part: LocalPartition, type: Int, name: String) {
    let (first, last) = (rows.indptr[0], rows.indptr[rows.rows])
    log.demand(
      first == 0 && last == Int64(rows.indices.count), "offsets span the values", file: file(part, type, name + ".indptr"),
      "\(first) to \(last) for \(rows.indices.count)")
    for row in 0..<rows.rows {
      let (start, end) = (rows.indptr[row], rows.indptr[row + 1])
      guard start >= 0, start <= end, end <= Int64(rows.indices.count) else {
        log.demand(false, "offsets do not decrease", file: file(part, type, name + ".indptr"), row: row + 1, "\(end) after \(start)")
        continue
      }
      for position in Int(start)..<Int(end) {
        let column = rows.indices[position]
        let increases = position == Int(start) || rows.indices[position - 1] < column
        log.demand(
          increases && Int(column) < rows.columns, "columns increase and exist", file: file(part, type, name + ".indices"),
          row: position, "\(column) of \(rows.columns)")
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
