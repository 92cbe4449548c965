import Tensors

/// What announced steps need that are not decided yet: a ring of row numbers, step after step.
struct UseWindow {
  struct Use: BitwiseCopyable {
    var row: UInt32
    /// Class of its weight (`Commonness`), and 1024 times the distance.
    private var bits: UInt32

    @inline(__always)
    init(row: UInt32, weightClass: Int) {
      self.row = row
      bits = UInt32(truncatingIfNeeded: weightClass)
    }

    @inline(__always) var weightClass: Int { Int(bits % UInt32(Commonness.classes)) }

    /// Steps to the row's next use that is announced; 0: none is.
    @inline(__always)
    var distance: Int {
      get { Int(bits / UInt32(Commonness.classes)) }
      set { bits = UInt32(truncatingIfNeeded: newValue &* Commonness.classes &+ weightClass) }
    }
  }

  private var uses = Buffer<Use>(count: 1 << 10)
  /// Position of each step's first use, and the end of the last; a ring as well.
  private var starts = Buffer<Int>(count: 16)
  /// The oldest step.
  private(set) var first = 0
  /// The step after the newest.
  private(set) var end = 0

  var bytes: Int { 8 * (uses.count + starts.count) }
  var pointer: UnsafeMutablePointer<Use> { uses.pointer }
  /// A use lies at its position modulo the ring's length.
  var mask: Int { uses.count &- 1 }

  /// Positions of the uses of the oldest step.
  var oldest: Range<Int> {
    precondition(first < end, "no step is announced")
    return start(of: first)..<start(of: first + 1)
  }

  /// Adds a step; returns the positions of its uses, which are to be set.
  mutating func add(count: Int) -> Range<Int> {
    let position = start(of: end)
    if position + count - start(of: first) > uses.count { grow(to: position + count) }
    precondition(end - first < 1 << 20, "too many steps are announced")
    if end + 1 - first >= starts.count { growSteps() }
    end += 1
    starts.pointer[end & (starts.count - 1)] = position + count
    return position..<position + count
  }

  mutating func removeOldest() { first += 1 }

  private func start(of step: Int) -> Int { starts.pointer[step & (starts.count - 1)] }

  private mutating func grow(to limit: Int) {
    let (old, oldMask, kept) = (uses, mask, start(of: first)..<start(of: end))
    var count = old.count
    while limit - kept.lowerBound > count { count *= 2 }
    precondition(count <= 1 << 32, "too many rows are announced")
    uses = Buffer(count: count)
    for position in kept { uses.pointer[position & (count - 1)] = old.pointer[position & oldMask] }
  }

  private mutating func growSteps() {
    let (old, count) = (starts, 2 * starts.count)
    starts = Buffer(count: count)
    for step in first...end { starts.pointer[step & (count - 1)] = old.pointer[step & (old.count - 1)] }
  }
}
