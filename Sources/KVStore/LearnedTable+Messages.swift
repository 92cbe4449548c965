import Glibc
import Graphs
public import Messaging
import Tensors

/// The serving side of learned tables: the handler of `pushGradients`; their rows are pulled like those of any table, as of a step.
///
/// A push names the table, the part whose gradients they are, the step, and how many rows follow. Every part pushes to every worker once a
/// step, if only no rows; a large push comes in pieces.
/// ```
/// header                                     payload of pushGradients
/// ┌────────┬──────┬──────┬───────┬────────┐  ┌──────────────────────┬────────────────────────────┐
/// │ table  │ part │ step │ count │ detail │  │ int64 ids (count)    │ float32 rows               │
/// └────────┴──────┴──────┴───────┴────────┘  │ global, increasing   │ (count × columns)          │
///  detail: rows of the whole push in its     └──────────────────────┴────────────────────────────┘
///  low 32 bits, rows before these above       the answer has the same count and nothing else
/// ```
public func gradientHandlers(tables: ServedTables) -> [MessageKind: RequestHandler] {
  [
    .pushGradients: { request in
      guard let table = tables.learned(request.table) else {
        throw InputError("push to table \(request.table)", expected: "one of the learned tables", found: "\(request.table)")
      }
      return try table.take(request)
    }
  ]
}

extension LearnedTable {
  /// Lets a pull as of a step pass.
  ///
  /// - Throws: `NotYet` for a step to come, `InputError` for one that is past.
  func admit(step: UInt32) throws {
    guard try inbox.holds(step: Int(step), { "pull of \(place)" }) != nil else { throw NotYet() }
  }

  /// Takes what another worker's part pushes; everything is checked.
  func take(_ request: Request) throws -> ReplyBuffer {
    let piece = try GradientPiece(request, self)
    let name = { "push of part \(piece.part) to \(self.place)" }
    let slot = try inbox.claim(part: piece.part, step: piece.step, range: piece.range, total: piece.total, name)
    piece.copy(to: slot, columns: options.columns)
    if inbox.arrived(piece.range.count, in: slot) {
      let ids = slot.ids.readOnly
      if let wrong = ids.indices.dropFirst().first(where: { ids[$0 - 1] >= ids[$0] }) {
        let found = "\(ids[wrong]) after \(ids[wrong - 1])"
        inbox.refuse(slot)
        throw InputError(name(), expected: "increasing ids", found: found)
      }
      inbox.complete(slot, step: piece.step)
    }
    return ReplyBuffer(count: piece.range.count, buffer: MessageBuffer(payloadBytes: 0))
  }
}

/// One message of a push: its numbers, checked.
private struct GradientPiece {
  let part: Int
  let step: Int
  /// Rows of the whole push that are here.
  let range: Range<Int>
  let total: Int
  private let payload: UnsafeRawBufferPointer

  init(_ request: Request, _ table: LearnedTable) throws {
    (part, step, payload) = (Int(request.part), Int(request.step), request.payload)
    let count = Int(request.count)
    total = Int(request.detail & 0xffff_ffff)
    let first = Int(request.detail >> 32)
    range = first..<first + count
    func demand(_ holds: Bool, _ expected: @autoclosure () -> String, _ found: @autoclosure () -> String) throws {
      guard holds else { throw InputError("push of part \(part) to \(table.place)", expected: expected(), found: found()) }
    }
    try demand(part < table.book.partCount && table.lookup.places[part].segment < 0, "a part of another worker", "part \(part)")
    try demand(
      payload.count == count * (8 + 4 * table.options.columns), "\(count) ids and rows of \(table.options.columns) columns",
      "\(payload.count) bytes")
    try demand(total <= table.rowCount, "at most the \(table.rowCount) rows that are here", "\(total)")
    try demand(hasFiniteRows(count, columns: table.options.columns), "finite gradients", "NaN or infinity")
    for index in 0..<count {
      let id = self.id(index)
      guard id >= 0, table.book.contains(GlobalID(id)) else { throw Self.stranger(id, table) }
      let place = table.lookup.places[table.lookup.part(of: id)]
      guard place.segment >= 0, id >= place.first, id - place.first < place.rows else { throw Self.stranger(id, table) }
    }
  }

  private static func stranger(_ id: Int64, _ table: LearnedTable) -> InputError {
    InputError("push to \(table.place)", expected: "ids of rows that are here", found: "\(id)")
  }

  private func id(_ index: Int) -> Int64 {
    Int64(littleEndian: payload.loadUnaligned(fromByteOffset: index &* 8, as: Int64.self))
  }

  /// Whether the numbers behind the ids are: one that is not would spoil its row for good.
  private func hasFiniteRows(_ count: Int, columns: Int) -> Bool {
    guard let base = payload.baseAddress, count > 0 else { return true }
    return areFinite(base + 8 * count, count: count * columns)
  }

  func copy(to slot: GradientInbox.PartGradients, columns: Int) {
    guard let base = payload.baseAddress, !range.isEmpty else { return }
    memcpy(slot.ids.pointer + range.lowerBound, base, 8 * range.count)
    memcpy(slot.values.pointer + range.lowerBound * columns, base + 8 * range.count, 4 * range.count * columns)
  }
}
