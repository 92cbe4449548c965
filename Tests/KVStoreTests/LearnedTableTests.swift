import Foundation
import Graphs
import KVStore
import Kernels
import Messaging
import Tensors
import Testing

@Suite(.serialized) struct LearnedTableTests {
  private static let rules: [RowOptimizer] = [.descent, .adagrad(), .rowAdagrad(), .adam()]

  private func options(
    _ columns: Int, _ rule: RowOptimizer = .adagrad(), averages: Bool = false, type: ElementType = .float32, seed: UInt64 = 3
  ) -> LearnedTable.Options {
    var options = LearnedTable.Options(columns: columns)
    (options.optimizer, options.averages, options.elementType, options.seed, options.patience) = (rule, averages, type, seed, 20)
    return options
  }

  /// Random gradients of every part: some rows of one part alone, some of several, now and then no row at all.
  private func gradients(step: Int, columns: Int) -> [LearnedGroup.Gradients] {
    let key = RandomKey(seed: 21, purpose: .generator)
    return (0..<4).map { part in
      var result = LearnedGroup.Gradients()
      guard (step + part) % 5 != 4 else { return result }
      // In an order of their own.
      let ids = LearnedGroup.ids.sorted {
        key.bits(id: UInt64($0), step: UInt32(part))[0] < key.bits(id: UInt64($1), step: UInt32(part))[0]
      }
      for id in ids where key.bits(id: UInt64(id), step: UInt32(step), block: UInt32(part))[0] % 3 == 0 {
        result.ids.append(id)
        result.rows.append(
          (0..<columns).map { 2 * unitFloat(key.bits(id: UInt64(id), step: UInt32(step), block: UInt32(100 + 4 * $0 + part))[1]) - 1 })
      }
      return result
    }
  }

  /// `2u − 1` times `√(3/D)`, by the user's number of the node and nothing else.
  @Test(arguments: [1, 3, 8, 13])
  func initialValuesAreAFunctionOfTheNode(columns: Int) throws {
    let values = try LearnedGroup(workers: 1, options(columns)).values()
    let key = RandomKey(seed: 3, purpose: .initialValue, layer: 0, relation: 2)
    for (id, row) in zip(LearnedGroup.ids, values) {
      let expected = (0..<columns).map { column in
        let words = key.bits(id: UInt64(LearnedGroup.original(id)), step: 0, block: UInt32(column / 4))
        return (2 * Float(words[column % 4] >> 8) / 16_777_216 - 1) * (3 / Float(columns)).squareRoot()
      }
      #expect(row == expected, "node \(id)")
    }
    #expect(try LearnedGroup(workers: 1, options(columns, seed: 4)).values() != values)
    let lengths = try LearnedGroup(workers: 1, options(256)).values().map { $0.reduce(0) { $0 + $1 * $1 } }
    #expect(abs(lengths.reduce(0, +) / Float(lengths.count) - 1) < 0.02, "the expected length is 1")
  }

  /// The table as a dictionary in float64, every node by itself.
  private struct Oracle {
    let rule: RowOptimizer
    let averages: Bool
    var rows: [Int64: (values: [Double], first: [Double], second: [Double])] = [:]
    var number = 0

    init(_ rule: RowOptimizer, averages: Bool, ids: [Int64], values: [[Float]]) {
      (self.rule, self.averages) = (rule, averages)
      for (id, row) in zip(ids, values) {
        let zeros = [Double](repeating: 0, count: row.count)
        rows[id] = (row.map(Double.init), zeros, zeros)
      }
    }

    mutating func step(_ gradients: [LearnedGroup.Gradients], rate: Double, scale: Double) {
      number += 1
      for id in rows.keys {
        let mine = gradients.compactMap { part in part.ids.firstIndex(of: id).map { part.rows[$0] } }
        guard !mine.isEmpty, var row = rows[id] else { continue }
        let factor = averages ? scale / Double(mine.count) : scale
        let g = row.values.indices.map { column in factor * mine.reduce(0) { $0 + Double($1[column]) } }
        let mean = g.reduce(0) { $0 + $1 * $1 } / Double(g.count)
        for column in g.indices {
          switch rule {
          case .descent: row.values[column] -= rate * g[column]
          case .adagrad(let epsilon):
            row.first[column] += g[column] * g[column]
            row.values[column] -= rate * g[column] / (row.first[column].squareRoot() + Double(epsilon))
          case .rowAdagrad(let epsilon):
            row.first[column] += mean
            row.values[column] -= rate * g[column] / (row.first[column].squareRoot() + Double(epsilon))
          case .adam(let adam):
            let (b1, b2) = (Double(adam.beta1), Double(adam.beta2))
            row.first[column] = b1 * row.first[column] + (1 - b1) * g[column]
            row.second[column] = b2 * row.second[column] + (1 - b2) * g[column] * g[column]
            let size = rate * (1 - pow(b2, Double(number))).squareRoot() / (1 - pow(b1, Double(number)))
            row.values[column] -= size * row.first[column] / (row.second[column].squareRoot() + Double(adam.epsilon))
          }
        }
        rows[id] = row
      }
    }
  }

  @Test(arguments: rules, [false, true])
  func everyRowMovesOnceByTheSumOfItsGradients(rule: RowOptimizer, averages: Bool) throws {
    for columns in [1, 5, 8, 24] {
      let group = try LearnedGroup(workers: 2, options(columns, rule, averages: averages))
      var oracle = Oracle(rule, averages: averages, ids: LearnedGroup.ids, values: try group.values())
      for step in 0..<8 {
        let pushed = gradients(step: step, columns: columns)
        try group.step(pushed, rate: 0.05, scale: 0.5)
        oracle.step(pushed, rate: 0.05, scale: 0.5)
        let found = try group.values(reader: step % 2)
        for (id, row) in zip(LearnedGroup.ids, found) {
          for (column, value) in row.enumerated() {
            // Adam's and Adagrad's quotients amplify roundings of sums that nearly vanish.
            #expect(abs(Double(value) - oracle.rows[id]!.values[column]) <= 2e-5, "\(rule), step \(step), node \(id)")
          }
        }
      }
      #expect(group.members.allSatisfy { $0.table.appliedSteps == 8 })
    }
  }

  @Test(arguments: rules, [ElementType.float32, .float16])
  func workersAndThreadsDoNotChangeABit(rule: RowOptimizer, type: ElementType) throws {
    func run(workers: Int, threads: Int) throws -> [[UInt8]] {
      let group = try LearnedGroup(workers: workers, options(12, rule, type: type), threads: threads)
      for step in 0..<6 { try group.step(gradients(step: step, columns: 12), threads: threads) }
      let rows = try group.rows(threads: threads)
      for reader in 1..<workers { #expect(try group.rows(reader: reader) == rows, "as worker \(reader) of \(workers) reads them") }
      return rows
    }
    let alone = try run(workers: 1, threads: 1)
    for workers in 1...4 {
      for threads in 1...2 { #expect(try run(workers: workers, threads: threads) == alone, "\(workers), \(threads)") }
    }
  }

  /// Gradients of parts add as halves of halves, whoever is absent; in float32, bit for bit.
  @Test func partsAddAlongTheFixedTree() throws {
    func treeSum(_ values: [Float?]) -> Float? {
      if values.count == 1 { return values[0] }
      let middle = values.count / 2
      let (left, right) = (treeSum(Array(values[..<middle])), treeSum(Array(values[middle...])))
      guard let left, let right else { return left ?? right }
      return left + right
    }
    let group = try LearnedGroup(workers: 2, options(1, .descent))
    var draws = UInt64(0)
    var order = false
    for subset in (0..<5).flatMap({ _ in 1..<16 }) {
      let id = LearnedGroup.ids[subset]
      let before = try group.values()[subset][0]
      let values = (0..<4).map { part -> Float? in
        draws += 1
        let bits = RandomKey(seed: 6, purpose: .generator).bits(id: draws, step: 0)[0]
        return subset >> part & 1 == 1 ? (2 * unitFloat(bits) - 1) * 0.3 : nil
      }
      try group.step(values.map { $0.map { LearnedGroup.Gradients(ids: [id], rows: [[$0]]) } ?? .init() }, rate: 1)
      let sum = treeSum(values)!
      #expect(try group.values()[subset][0] == before - sum, "parts \(values)")
      order = order || values.compactMap { $0 }.reduce(0, +) != sum
    }
    #expect(order, "some sum depends on its order, or the test shows nothing")
  }

  @Test func halvesAreRoundedFromWhatFloatsGive() throws {
    let group = try LearnedGroup(workers: 1, options(5, .descent, type: .float16))
    let before = try group.values()
    let pushed = gradients(step: 0, columns: 5)
    try group.step(pushed.indices.map { $0 == 2 ? pushed[2] : .init() }, rate: 0.1)
    for (place, row) in try group.values().enumerated() {
      let index = pushed[2].ids.firstIndex(of: LearnedGroup.ids[place])
      for column in row.indices {
        let moved = index.map { before[place][column] - Float(0.1) * pushed[2].rows[$0][column] } ?? before[place][column]
        #expect(row[column] == Float(Float16(moved)))
      }
    }
  }

  @Test func filesHoldRowsAndState() throws {
    let folder = NSTemporaryDirectory() + "halo-learned-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for rule in Self.rules {
      let whole = try LearnedGroup(workers: 1, options(6, rule))
      let saved = try LearnedGroup(workers: 3, options(6, rule))
      for step in 0..<3 { for group in [whole, saved] { try group.step(gradients(step: step, columns: 6)) } }
      for member in saved.members {
        for part in member.table.partNumbers {
          try member.table.write(part: part, withState: true, metadata: [:], to: "\(folder)/\(LearnedTable.fileName(part: part))")
        }
      }
      let restored = try LearnedGroup(workers: 2, options(6, rule, seed: 99))
      for member in restored.members {
        for part in member.table.partNumbers { try member.table.read(part: part, from: "\(folder)/\(LearnedTable.fileName(part: part))") }
        member.table.restart(after: 3)
      }
      for step in 3..<6 { for group in [whole, restored] { try group.step(gradients(step: step, columns: 6)) } }
      #expect(try restored.rows() == whole.rows(), "\(rule)")
      let other = try LearnedGroup(workers: 1, options(5, rule)).members[0].table
      #expect(throws: InputError.self) { try other.read(part: 0, from: "\(folder)/\(LearnedTable.fileName(part: 0))") }
    }
  }
}
