import Glibc

/// A hardware thread of a core, and what it has done in the current phase.
public struct PIMTasklet {
  public let number: Int
  /// Tasklets of the launch.
  public let count: Int
  let core: PIMCore
  package var done = PIMTaskletWork()
  private var lockStart: PIMWork?

  init(_ number: Int, of count: Int, core: PIMCore) {
    self.number = number
    self.count = count
    self.core = core
  }

  /// Takes scratchpad for the rest of the launch.
  ///
  /// - Throws: `PIMFault.scratchpadOverflow`.
  public func allocate(_ bytes: Int) throws -> UnsafeMutableRawPointer { try core.allocateScratch(bytes) }

  /// Copies `bytes` bytes from the bank to the scratchpad.
  ///
  /// - Throws: `PIMFault` for a size, alignment or range that the machine does not have.
  @inline(__always)
  public mutating func read(_ address: Int, into scratch: UnsafeMutableRawPointer, bytes: Int) throws {
    memcpy(scratch, try core.place(address, scratch, bytes), bytes)
    done.work.reads &+= 1
    done.work.readBytes &+= bytes
  }

  /// Copies `bytes` bytes from the scratchpad to the bank.
  ///
  /// - Throws: `PIMFault` for a size, alignment or range that the machine does not have.
  @inline(__always)
  public mutating func write(_ address: Int, from scratch: UnsafeRawPointer, bytes: Int) throws {
    memcpy(try core.place(address, scratch, bytes), scratch, bytes)
    done.work.writes &+= 1
    done.work.writeBytes &+= bytes
  }

  /// Takes the lock that all tasklets of a core share.
  mutating func lock() {
    precondition(lockStart == nil, "the lock is held")
    lockStart = done.work
  }

  mutating func unlock() {
    guard let start = lockStart else { preconditionFailure("the lock is not held") }
    done.locked += done.work - start
    lockStart = nil
  }
}
