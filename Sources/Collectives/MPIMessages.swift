import CMPI

/// Moves bytes between the ranks of a communicator; every MPI return code is checked.
struct MPIMessages {
  let communicator: MPI_Comm?
  let rank: Int
  let size: Int
  let pieceBytes: Int

  /// Throws what MPI says about `code` unless it is `MPI_SUCCESS`.
  static func check(_ code: Int32, _ operation: String, rank: Int) throws {
    if code == MPI_SUCCESS { return }
    var text = [CChar](repeating: 0, count: Int(MPI_MAX_ERROR_STRING) + 1)
    var length: Int32 = 0
    MPI_Error_string(code, &text, &length)
    let reason = String(decoding: text.prefix(Int(length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    throw CollectiveError.library(operation: operation, rank: rank, code: code, reason: reason)
  }

  func barrier() throws {
    try check(MPI_Barrier(communicator), "MPI_Barrier")
  }

  func broadcast(_ bytes: [UInt8], from root: Int) throws -> [UInt8] {
    var count = Int64(bytes.count)
    try check(MPI_Bcast(&count, 8, cmpi_byte(), Int32(root), communicator), "MPI_Bcast")
    var result = rank == root ? bytes : [UInt8](repeating: 0, count: Int(count))
    try result.withUnsafeMutableBytes { buffer in
      for piece in pieces(of: buffer.count) {
        try check(
          MPI_Bcast(buffer.baseAddress! + piece.lowerBound, Int32(piece.count), cmpi_byte(), Int32(root), communicator),
          "MPI_Bcast")
      }
    }
    return result
  }

  /// Returns the number that each rank passed.
  func allGather(count: Int) throws -> [Int] {
    var mine = Int64(count)
    var all = [Int64](repeating: 0, count: size)
    try check(MPI_Allgather(&mine, 8, cmpi_byte(), &all, 8, cmpi_byte(), communicator), "MPI_Allgather")
    return all.map(Int.init)
  }

  /// Returns the numbers that the ranks meant for this one.
  func exchange(counts: [Int]) throws -> [Int] {
    let outgoing = counts.map(Int64.init)
    var incoming = [Int64](repeating: 0, count: size)
    try check(MPI_Alltoall(outgoing, 8, cmpi_byte(), &incoming, 8, cmpi_byte(), communicator), "MPI_Alltoall")
    return incoming.map(Int.init)
  }

  /// Receives `counts[r]` bytes from each rank `r` into new arrays.
  func receive(_ counts: [Int], sending send: [UnsafeRawBufferPointer], _ operation: String) throws -> [[UInt8]] {
    let arena = UnsafeMutableRawBufferPointer.allocate(byteCount: counts.reduce(0, +), alignment: 16)
    defer { arena.deallocate() }
    var offset = 0
    let places = counts.map { count in
      defer { offset += count }
      return UnsafeMutableRawBufferPointer(rebasing: arena[offset..<offset + count])
    }
    try exchange(send: send, receive: places, operation)
    return places.map { Array($0) }
  }

  /// All receives are posted before the first send, then all are awaited; this rank's own message is copied.
  func exchange(send: [UnsafeRawBufferPointer], receive: [UnsafeMutableRawBufferPointer], _ operation: String) throws {
    guard send[rank].count == receive[rank].count else {
      throw CollectiveError.sizeMismatch(
        operation: operation, rank: rank, peer: rank, expected: receive[rank].count, found: send[rank].count)
    }
    receive[rank].copyMemory(from: send[rank])
    var requests: [MPI_Request?] = []
    var expectations: [(peer: Int, bytes: Int)] = []
    // Neighbours first, so that not every rank begins with rank 0.
    for step in 1..<max(size, 1) {
      let peer = (rank + size - step) % size
      for piece in pieces(of: receive[peer].count) {
        var request: MPI_Request?
        try check(
          MPI_Irecv(
            receive[peer].baseAddress! + piece.lowerBound, Int32(piece.count), cmpi_byte(), Int32(peer), Self.tag,
            communicator, &request), "MPI_Irecv")
        requests.append(request)
        expectations.append((peer, piece.count))
      }
    }
    for step in 1..<max(size, 1) {
      let peer = (rank + step) % size
      for piece in pieces(of: send[peer].count) {
        var request: MPI_Request?
        try check(
          MPI_Isend(
            send[peer].baseAddress! + piece.lowerBound, Int32(piece.count), cmpi_byte(), Int32(peer), Self.tag,
            communicator, &request), "MPI_Isend")
        requests.append(request)
      }
    }
    try wait(&requests, expectations, operation)
  }

  /// Completes the requests one by one: `MPI_Waitall` of Open MPI 4.1 spins for ever when one of them is truncated.
  ///
  /// - Parameter expectations: Sender and length of the first requests, the receives.
  private func wait(
    _ requests: inout [MPI_Request?], _ expectations: [(peer: Int, bytes: Int)], _ operation: String
  ) throws {
    var mismatch: CollectiveError?
    for index in requests.indices {
      var status = MPI_Status()
      let code = MPI_Wait(&requests[index], &status)
      if code != MPI_ERR_TRUNCATE { try check(code, "MPI_Wait") }
      guard index < expectations.count else { continue }
      var found: Int32 = 0
      try check(MPI_Get_count(&status, cmpi_byte(), &found), "MPI_Get_count")
      let (peer, expected) = expectations[index]
      // The others are still awaited: MPI writes into their memory.
      if code == MPI_ERR_TRUNCATE || Int(found) != expected {
        mismatch =
          mismatch
          ?? .sizeMismatch(operation: operation, rank: rank, peer: peer, expected: expected, found: Int(found))
      }
    }
    if let mismatch { throw mismatch }
  }

  /// All messages carry one tag: MPI delivers messages of one pair, communicator and tag in order.
  private static let tag: Int32 = 1

  private func pieces(of count: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: pieceBytes).map { $0..<min(count, $0 + pieceBytes) }
  }

  private func check(_ code: Int32, _ operation: String) throws {
    try Self.check(code, operation, rank: rank)
  }
}

/// Traps unless `ranges` names one range per member and no two overlap.
func checkGatherRanges(_ ranges: [Range<Int>], members: Int) {
  precondition(ranges.count == members, "\(ranges.count) ranges for \(members) members")
  let ordered = ranges.filter { !$0.isEmpty }.sorted { $0.lowerBound < $1.lowerBound }
  for (left, right) in zip(ordered, ordered.dropFirst()) {
    precondition(left.upperBound <= right.lowerBound, "ranges \(left) and \(right) overlap")
  }
}
