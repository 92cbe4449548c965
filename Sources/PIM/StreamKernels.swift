/// Kernels whose time on the machine is published, to hold the cost model against: each streams one or two arrays of a bank
/// through blocks in the scratchpad, tasklets taking blocks in turn.
package enum StreamKernels {
  /// Instructions of a loop over elements, one by one as compiled: PrIM lists an addition to an array as 6 (address, load, add, store,
  /// index, jump).
  enum Instructions {
    /// Two addresses, two loads, add, store, index, jump.
    static let vectorAddition = 8
    /// Address, load of 8 bytes, add, add with carry, index, jump.
    static let reduction = 6
  }

  /// `c = a + b` on int32 (PrIM's VA), in blocks of `blockBytes`.
  ///
  /// - Returns: The sums, and cycles for an element.
  package static func vectorAddition(
    _ a: [Int32], _ b: [Int32], tasklets: Int = 16, blockBytes: Int = 1024, costs: PIMCosts = .upmem
  ) throws -> (sums: [Int32], cyclesPerElement: Double) {
    precondition(a.count == b.count && a.count * 4 % blockBytes == 0, "whole blocks")
    let core = PIMCore()
    let (first, second) = (try store(a, in: core), try store(b, in: core))
    let work = try core.launch(
      tasklets: tasklets,
      phases: [
        { tasklet in
          let left = try tasklet.allocate(blockBytes).bindMemory(to: Int32.self, capacity: blockBytes / 4)
          let right = try tasklet.allocate(blockBytes).bindMemory(to: Int32.self, capacity: blockBytes / 4)
          for place in stride(from: tasklet.number * blockBytes, to: a.count * 4, by: tasklet.count * blockBytes) {
            try tasklet.read(first + place, into: left, bytes: blockBytes)
            try tasklet.read(second + place, into: right, bytes: blockBytes)
            for element in 0..<blockBytes / 4 { right[element] &+= left[element] }
            tasklet.done.work.instructions += Instructions.vectorAddition * (blockBytes / 4)
            try tasklet.write(second + place, from: right, bytes: blockBytes)
          }
        }
      ])
    var sums = [Int32](repeating: 0, count: a.count)
    try sums.withUnsafeMutableBufferPointer { try core.hostRead(second, into: $0) }
    return (sums, costs.cycles(phases: work, .int32) / Double(a.count))
  }

  /// Sum of int64 elements (PrIM's RED): each tasklet adds its blocks, the first adds theirs.
  ///
  /// - Returns: The sum, and cycles for an element.
  package static func reduction(
    _ a: [Int64], tasklets: Int = 16, blockBytes: Int = 1024, costs: PIMCosts = .upmem
  ) throws -> (sum: Int64, cyclesPerElement: Double) {
    precondition(a.count * 8 % blockBytes == 0, "whole blocks")
    let core = PIMCore()
    let first = try store(a, in: core)
    let result = try core.allocate(8)
    var partial: [UnsafeMutablePointer<Int64>] = []
    let work = try core.launch(
      tasklets: tasklets,
      phases: [
        { tasklet in
          let block = try tasklet.allocate(blockBytes).bindMemory(to: Int64.self, capacity: blockBytes / 8)
          let sum = try tasklet.allocate(8).bindMemory(to: Int64.self, capacity: 1)
          sum.pointee = 0
          for place in stride(from: tasklet.number * blockBytes, to: a.count * 8, by: tasklet.count * blockBytes) {
            try tasklet.read(first + place, into: block, bytes: blockBytes)
            for element in 0..<blockBytes / 8 { sum.pointee &+= block[element] }
            tasklet.done.work.instructions += Instructions.reduction * (blockBytes / 8)
          }
          partial.append(sum)
        },
        { tasklet in
          guard tasklet.number == 0 else { return }
          for other in partial.dropFirst() { partial[0].pointee &+= other.pointee }
          tasklet.done.work.instructions += Instructions.reduction * (partial.count - 1)
          try tasklet.write(result, from: partial[0], bytes: 8)
        },
      ])
    var sum = [Int64(0)]
    try sum.withUnsafeMutableBufferPointer { try core.hostRead(result, into: $0) }
    return (sum[0], costs.cycles(phases: work, .int32) / Double(a.count))
  }

  /// Copies an array of the bank through the scratchpad without touching it.
  ///
  /// - Returns: The copy, and bytes read and written in a second at `megahertz`.
  package static func copy(
    _ a: [Int32], tasklets: Int = 16, blockBytes: Int = 2048, megahertz: Double = 350, costs: PIMCosts = .upmem
  ) throws -> (copy: [Int32], bytesPerSecond: Double) {
    precondition(a.count * 4 % blockBytes == 0, "whole blocks")
    let core = PIMCore()
    let first = try store(a, in: core)
    let second = try core.allocate(a.count * 4)
    let work = try core.launch(
      tasklets: tasklets,
      phases: [
        { tasklet in
          let block = try tasklet.allocate(blockBytes)
          for place in stride(from: tasklet.number * blockBytes, to: a.count * 4, by: tasklet.count * blockBytes) {
            tasklet.done.work.iterations += 1
            try tasklet.read(first + place, into: block, bytes: blockBytes)
            try tasklet.write(second + place, from: block, bytes: blockBytes)
          }
        }
      ])
    var copy = [Int32](repeating: 0, count: a.count)
    try copy.withUnsafeMutableBufferPointer { try core.hostRead(second, into: $0) }
    return (copy, Double(2 * 4 * a.count) * megahertz * 1e6 / costs.cycles(phases: work, .int32))
  }

  private static func store<Element: BitwiseCopyable>(_ elements: [Element], in core: PIMCore) throws -> Int {
    let address = try core.allocate(elements.count * MemoryLayout<Element>.stride)
    try elements.withUnsafeBufferPointer { try core.hostWrite($0, at: address) }
    return address
  }
}
