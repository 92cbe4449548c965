import Graphs
import KVStore
import Messaging
import Partitions
import Tensors

/// A learned table over four parts of two node types, spread over workers that share this process: servers, clients, stores.
final class LearnedGroup {
  /// Nodes of both types in each part; part 1 has none of type 1.
  static let sizes = [[3, 40], [5, 0], [2, 55], [4, 31]]
  static let nodeType = 1
  static let number = 9

  final class Member {
    let table: LearnedTable
    let server: Server
    var client: Client?
    var store: RowStore!
    var push: GradientPush!

    init(_ table: LearnedTable, serving: Range<Int>) throws {
      self.table = table
      let tables = ServedTables([], serving: serving)
      tables.add(table)
      let handlers = rowHandlers(book: LearnedGroup.book, tables: tables).merging(gradientHandlers(tables: tables)) { first, _ in first }
      server = try Server(token: 8, handlers: handlers, host: "127.0.0.1")
      table.whenApplied { [weak server] in server?.wakeUp() }
    }

    deinit { server.close() }
  }

  let members: [Member]
  /// Owner of each part.
  let workers: [Int]

  static let book: PartitionBook = {
    var bounds: [Int64] = [0]
    for size in sizes.flatMap({ $0 }) { bounds.append(bounds.last! + Int64(size)) }
    return PartitionBook(partCount: sizes.count, typeCount: 2, bounds: bounds)
  }()

  /// The user's number of a node: no function of where it lies.
  static func original(_ id: Int64) -> Int64 { (id * 9 + 3) % 140 }

  /// Global ids of the type's nodes.
  static let ids: [Int64] = sizes.indices.flatMap { Array(book.innerRange(of: $0, type: nodeType)) }

  init(workers count: Int, _ options: LearnedTable.Options, threads: Int = 1) throws {
    let bounds = (0...count).map { $0 * Self.sizes.count / count }
    workers = (0..<count).flatMap { worker in [Int](repeating: worker, count: bounds[worker + 1] - bounds[worker]) }
    members = try (0..<count).map { worker in
      let parts = bounds[worker]..<bounds[worker + 1]
      let original = Dictionary(
        uniqueKeysWithValues: parts.map { part in
          (part, ArrayView(Self.book.innerRange(of: part, type: Self.nodeType).map(Self.original)))
        })
      let table = LearnedTable(
        number: Self.number, name: "learned", nodeType: Self.nodeType, options: options, book: Self.book, original: original,
        threads: Threads(threads))
      return try Member(table, serving: parts)
    }
    for (worker, member) in members.enumerated() {
      let others = members.indices.filter { $0 != worker }
      member.client =
        others.isEmpty
        ? nil : try Client(token: 8, endpoints: Dictionary(uniqueKeysWithValues: others.map { ($0, members[$0].server.endpoint) }))
      member.store = RowStore(shards: member.table.shards, book: Self.book, workers: workers, client: member.client)
      member.push = GradientPush(member.table, workers: workers, rank: worker, client: member.client)
    }
  }

  /// Gradients of one part: distinct nodes, a row for each.
  struct Gradients {
    var ids: [Int64] = []
    var rows: [[Float]] = []
  }

  /// One step of all workers.
  func step(_ gradients: [Gradients], rate: Double = 0.1, scale: Double = 1, threads: Int = 1) throws {
    for (worker, member) in members.enumerated() {
      for part in workers.indices where workers[part] == worker { try add(gradients[part], part: part, threads: threads) }
      try member.push.send()
    }
    for member in members { try member.table.apply(learningRate: rate, gradientScale: scale, threads: Threads(threads)) }
  }

  /// Adds one part's gradients at its owner; they lie in the last columns of a wider matrix, whose others are not looked at.
  @discardableResult
  func add(_ gradients: Gradients, part: Int, threads: Int = 1) throws -> Bool {
    let member = members[workers[part]]
    let columns = member.table.options.columns
    let matrix = Matrix(rows: gradients.ids.count, columns: columns + 3)
    for row in gradients.ids.indices { matrix.view[row, 1] = .nan }
    for (row, values) in gradients.rows.enumerated() {
      for (column, value) in values.enumerated() { matrix.view[row, column + 3] = value }
    }
    let nodes = Buffer(copying: gradients.ids.map { GlobalID($0) })
    return try withExtendedLifetime((matrix, nodes)) {
      try member.push.add(
        part: part, nodes: UnsafeBufferPointer(nodes.elements), gradient: matrix.view.columns(3..<columns + 3), threads: Threads(threads))
    }
  }

  /// All rows as worker `reader` sees them, as of its step; bytes.
  func rows(reader: Int = 0, threads: Int = 1) throws -> [[UInt8]] {
    let member = members[reader]
    return try member.store.read(
      [Self.ids.map { GlobalID($0) }], step: UInt32(member.table.appliedSteps), threads: threads)[0].map(\.bytes)
  }

  /// The same as numbers.
  func values(reader: Int = 0) throws -> [[Float]] {
    let type = members[0].table.options.elementType
    return try rows(reader: reader).map { bytes in
      bytes.withUnsafeBytes { raw in
        (0..<raw.count / type.size).map { index in
          type == .float32
            ? raw.loadUnaligned(fromByteOffset: 4 * index, as: Float.self)
            : Float(raw.loadUnaligned(fromByteOffset: 2 * index, as: Float16.self))
        }
      }
    }
  }
}
