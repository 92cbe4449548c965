import Glibc
import Tensors

/// A memory-side core: a bank of memory, a scratchpad and tasklets that move data between them.
///
/// ```
/// host ⇄ bank (64 MiB) ⇄ transfers of 8…2048 bytes ⇄ scratchpad (64 KiB, shared by up to 24 tasklets)
/// ```
/// Tasklets see the bank through `PIMTasklet.read` and `write` alone, and no core sees another's bank. Only what is
/// allocated of the bank occupies memory here. One thread uses a core at a time.
///
/// Gómez-Luna et al., "Benchmarking a new paradigm", IEEE Access 2022, arXiv:2105.03814 (PrIM), §2.
public final class PIMCore {
  public static let defaultBankBytes = 64 << 20
  public static let defaultScratchpadBytes = 64 << 10
  public static let mostTasklets = 24
  /// Longest transfer between bank and scratchpad, in bytes.
  public static let longestTransfer = 2048

  public let bankBytes: Int
  public let scratchpadBytes: Int
  private let bank = GrowingBuffer<UInt8>()
  private let scratchpad: Buffer<UInt8>
  public private(set) var scratchpadUsed = 0

  public init(bankBytes: Int = defaultBankBytes, scratchpadBytes: Int = defaultScratchpadBytes) {
    self.bankBytes = bankBytes
    self.scratchpadBytes = scratchpadBytes
    scratchpad = Buffer(count: scratchpadBytes)
  }

  /// Bytes of the bank in use.
  public var bankUsed: Int { bank.count }

  /// Forgets what was allocated.
  public func reset() {
    bank.removeAll()
    scratchpadUsed = 0
  }

  /// Takes `bytes` zeroed bytes of the bank, rounded up to 8.
  ///
  /// - Returns: Address of the first.
  /// - Throws: `PIMFault.bankOverflow`.
  public func allocate(_ bytes: Int) throws -> Int {
    let address = bank.count
    let rounded = (bytes + 7) & ~7
    guard rounded <= bankBytes - address else { throw PIMFault.bankOverflow(bytes: rounded, free: bankBytes - address) }
    bank.resize(to: address + rounded)
    memset(bank.pointer + address, 0, rounded)
    return address
  }

  /// Takes `bytes` bytes of the scratchpad, rounded up to 8, until the next launch; they hold anything.
  ///
  /// - Throws: `PIMFault.scratchpadOverflow`.
  func allocateScratch(_ bytes: Int) throws -> UnsafeMutableRawPointer {
    let rounded = (bytes + 7) & ~7
    guard rounded <= scratchpadBytes - scratchpadUsed else {
      throw PIMFault.scratchpadOverflow(bytes: rounded, free: scratchpadBytes - scratchpadUsed)
    }
    defer { scratchpadUsed += rounded }
    return UnsafeMutableRawPointer(scratchpad.pointer + scratchpadUsed)
  }

  /// The host writes `elements` to the bank.
  ///
  /// - Throws: `PIMFault.outsideBank`.
  public func hostWrite<Element: BitwiseCopyable>(_ elements: UnsafeBufferPointer<Element>, at address: Int) throws {
    let bytes = elements.count * MemoryLayout<Element>.stride
    guard address >= 0, bytes <= bankUsed - address else { throw PIMFault.outsideBank(address: address, bytes: bytes, used: bankUsed) }
    if let base = elements.baseAddress { memcpy(bank.pointer + address, base, bytes) }
  }

  /// The host reads `elements.count` elements of the bank.
  ///
  /// - Throws: `PIMFault.outsideBank`.
  public func hostRead<Element: BitwiseCopyable>(_ address: Int, into elements: UnsafeMutableBufferPointer<Element>) throws {
    let bytes = elements.count * MemoryLayout<Element>.stride
    guard address >= 0, bytes <= bankUsed - address else { throw PIMFault.outsideBank(address: address, bytes: bytes, used: bankUsed) }
    if let base = elements.baseAddress { memcpy(base, bank.pointer + address, bytes) }
  }

  /// Runs `phases` with a barrier after each; the scratchpad is free at the start and lasts through all of them.
  ///
  /// - Returns: Work of every tasklet in every phase.
  /// - Throws: What a phase throws, and `PIMFault.taskletCount`.
  public func launch(tasklets: Int, phases: [(inout PIMTasklet) throws -> Void]) throws -> [[PIMTaskletWork]] {
    guard 1...Self.mostTasklets ~= tasklets else { throw PIMFault.taskletCount(tasklets, most: Self.mostTasklets) }
    scratchpadUsed = 0
    return try phases.map { phase in
      try (0..<tasklets).map { number -> PIMTaskletWork in
        var tasklet = PIMTasklet(number, of: tasklets, core: self)
        try phase(&tasklet)
        return tasklet.done
      }
    }
  }

  /// Checks a transfer and gives the place in the bank.
  @inline(__always)
  func place(_ address: Int, _ scratch: UnsafeRawPointer, _ bytes: Int) throws -> UnsafeMutablePointer<UInt8> {
    let offset = scratch - UnsafeRawPointer(scratchpad.pointer)
    guard bytes >= 8, bytes <= Self.longestTransfer, bytes & 7 == 0 else { throw PIMFault.transferSize(bytes: bytes) }
    guard address & 7 == 0, offset & 7 == 0 else { throw PIMFault.misalignedTransfer(address: address, offset: offset) }
    guard address >= 0, address &+ bytes <= bank.count else {
      throw PIMFault.outsideBank(address: address, bytes: bytes, used: bank.count)
    }
    guard offset >= 0, offset &+ bytes <= scratchpadUsed else {
      throw PIMFault.outsideScratchpad(offset: offset, bytes: bytes, used: scratchpadUsed)
    }
    return bank.pointer + address
  }
}
