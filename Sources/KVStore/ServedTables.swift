import Synchronization

/// The tables that a worker serves; one that is made while the server runs is added when it is there.
public final class ServedTables: Sendable {
  /// Parts that the worker owns.
  let serving: Range<Int>
  private let tables: Mutex<[UInt32: TableShards]>

  /// - Parameter serving: Parts that the worker owns; every table must hold them.
  public init(_ tables: [TableShards], serving: Range<Int>) {
    self.serving = serving
    self.tables = Mutex([:])
    for table in tables { add(table) }
  }

  /// Serves `table` from now on.
  ///
  /// - Precondition: Its number is new.
  public func add(_ table: TableShards) {
    for part in serving { precondition(table.shards[part] != nil, "part \(part) of \(table.description.name) is not here to serve") }
    tables.withLock {
      precondition($0[UInt32(table.number)] == nil, "two tables of number \(table.number)")
      $0[UInt32(table.number)] = table
    }
  }

  /// The table of this number.
  subscript(number: UInt32) -> TableShards? { tables.withLock { $0[number] } }

  /// Every table's number, increasing.
  var numbers: [UInt32] { tables.withLock { $0.keys.sorted() } }
}
