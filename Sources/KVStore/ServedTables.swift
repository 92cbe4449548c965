import Synchronization

/// The tables that a worker serves; one that is made while the server runs is added when it is there.
public final class ServedTables: Sendable {
  struct Entry: Sendable {
    let shards: TableShards
    /// Decides as of which step rows are served; `nil`: they never change.
    let learned: LearnedTable?
  }

  /// Parts that the worker owns.
  let serving: Range<Int>
  private let tables: Mutex<[UInt32: Entry]>

  /// - Parameter serving: Parts that the worker owns; every table must hold them.
  public init(_ tables: [TableShards], serving: Range<Int>) {
    self.serving = serving
    self.tables = Mutex([:])
    for table in tables { add(table) }
  }

  /// Serves `table` from now on.
  ///
  /// - Precondition: Its number is new.
  public func add(_ table: TableShards) { add(Entry(shards: table, learned: nil)) }

  /// Serves the rows of `table` from now on, each as of the step that is asked for, and takes gradients of them.
  ///
  /// - Precondition: Its number is new.
  public func add(_ table: LearnedTable) { add(Entry(shards: table.shards, learned: table)) }

  private func add(_ entry: Entry) {
    let table = entry.shards
    for part in serving { precondition(table.shards[part] != nil, "part \(part) of \(table.description.name) is not here to serve") }
    tables.withLock {
      precondition($0[UInt32(table.number)] == nil, "two tables of number \(table.number)")
      $0[UInt32(table.number)] = entry
    }
  }

  /// The table of this number.
  subscript(number: UInt32) -> Entry? { tables.withLock { $0[number] } }

  /// The learned table of this number.
  func learned(_ number: UInt32) -> LearnedTable? { self[number]?.learned }

  /// Every table's number, increasing.
  var numbers: [UInt32] { tables.withLock { $0.keys.sorted() } }
}
