/// What counted work costs a core, in cycles.
///
/// A core starts one instruction in a cycle, one of a tasklet every `issueInterval` cycles, and moves one transfer between bank and
/// scratchpad at a time. With `I` instructions and `D` transfer cycles of tasklet `t`, a stretch between barriers lasts
/// `max(Σ I, max over t of issueInterval · I + D, Σ D)`, and never less than what runs under the lock, one tasklet after another.
public struct PIMCosts: Hashable, Codable, Sendable {
  /// Instructions for an element.
  public struct Arithmetic: Hashable, Codable, Sendable {
    /// Load, multiply, add, store.
    public var product: Double
    /// Load, add or compare, store.
    public var addition: Double

    public init(product: Double, addition: Double) {
      self.product = product
      self.addition = addition
    }
  }

  /// Cycles of a transfer: `start + perByte · bytes`.
  public struct Transfer: Hashable, Codable, Sendable {
    public var start: Double
    public var perByte: Double

    public init(start: Double, perByte: Double) {
      self.start = start
      self.perByte = perByte
    }
  }

  /// Cycles between two instructions of one tasklet.
  public var issueInterval: Double
  /// Instructions of a turn of the loop over edges.
  public var iteration: Double
  /// Instructions to set or copy an element.
  public var move: Double
  public var int8: Arithmetic
  public var int16: Arithmetic
  public var int32: Arithmetic
  public var float32: Arithmetic
  public var read: Transfer
  public var write: Transfer

  public func arithmetic(_ type: PIMElementType) -> Arithmetic {
    switch type {
    case .int8: int8
    case .int16: int16
    case .int32: int32
    case .float32: float32
    }
  }

  /// Instructions that `work` on elements of `type` takes.
  public func instructions(_ work: PIMWork, _ type: PIMElementType) -> Double {
    let arithmetic = arithmetic(type)
    return Double(work.instructions) + iteration * Double(work.iterations) + move * Double(work.moves)
      + arithmetic.product * Double(work.products) + arithmetic.addition * Double(work.additions)
  }

  /// Cycles of the transfers of `work`.
  public func transferCycles(_ work: PIMWork) -> Double {
    read.start * Double(work.reads) + read.perByte * Double(work.readBytes) + write.start * Double(work.writes)
      + write.perByte * Double(work.writeBytes)
  }

  /// Cycles from one barrier to the next, where the tasklets did `tasklets`.
  public func cycles(_ tasklets: [PIMTaskletWork], _ type: PIMElementType) -> Double {
    var (issued, moved, slowest, locked) = (0.0, 0.0, 0.0, 0.0)
    for tasklet in tasklets {
      let (instructions, transfers) = (instructions(tasklet.work, type), transferCycles(tasklet.work))
      issued += instructions
      moved += transfers
      slowest = max(slowest, issueInterval * instructions + transfers)
      locked += issueInterval * self.instructions(tasklet.locked, type) + transferCycles(tasklet.locked)
    }
    return max(max(issued, moved), max(slowest, locked))
  }

  /// Cycles of a launch.
  public func cycles(phases: [[PIMTaskletWork]], _ type: PIMElementType) -> Double {
    phases.reduce(0) { $0 + cycles($1, type) }
  }
}

extension PIMCosts {
  /// UPMEM's cores.
  ///
  /// - `issueInterval`: 11 of 14 pipeline stages, PrIM §2.
  /// - `iteration`, `int32.product`: fit `34 + 20.5 · columns` of the instructions for an edge by the rows per millisecond that PyGim's
  ///   tuner has for 4 to 32 columns (`utils/autotuner.py`, `INT32_READ_FMA_THROUGHPUT`) at 350 MHz; all values were 1 there, and
  ///   a multiplication that ends early for small factors would make it dearer for others.
  /// - `int32.addition`: 58.56 million additions per second at 350 MHz, with load, store and loop (PrIM, arithmetic throughput).
  /// - `int8`, `int16`: the addition and one native multiplication (PyGim §4.7).
  /// - `float32`: 1.375 million products and sums per second, the harmonic sum that PyGim's tuner names, of 1.91 million products and
  ///   4.91 million sums (PrIM, arithmetic throughput).
  /// - `move`: no figure of its own; that of an int32 addition, which loads and stores as well.
  /// - `read`, `write`: fits of PyGim's tables of latencies for 8 to 2048 bytes (`READ_LATENCY`, `WRITE_LATENCY`).
  public static let upmem = PIMCosts(
    issueInterval: 11, iteration: 34, move: 350 / 58.56,
    int8: Arithmetic(product: 350 / 58.56 + 1, addition: 350 / 58.56),
    int16: Arithmetic(product: 350 / 58.56 + 1, addition: 350 / 58.56),
    int32: Arithmetic(product: 20.5, addition: 350 / 58.56),
    float32: Arithmetic(product: 350 / 1.375, addition: 350 / 4.91),
    read: Transfer(start: 64, perByte: 0.52), write: Transfer(start: 42, perByte: 0.53))
}
