public import Tensors

/// Picks which in-edges of a destination are sampled: `take` of `degree` positions, uniformly, without replacement.
///
/// The picks are a pure function of (key, original id of the destination, step, degree, take): who computes them, and when,
/// cannot change them.
public struct NeighborPicker: Sendable {
  private let key: RandomKey
  private let step: UInt32
  /// Floyd's method costs O(take²) comparisons; past this a pass over all positions is cheaper.
  private static let floydLimit = 128

  /// - Parameters:
  ///   - key: Purpose `sample`, layer = hop from the seeds, and the relation.
  ///   - step: Step of the run, or the epoch when samples are kept for one.
  public init(key: RandomKey, step: UInt32) {
    self.key = key
    self.step = step
  }

  /// Writes `take` increasing positions below `degree`.
  ///
  /// - Parameter positions: Room for `take` positions.
  /// - Precondition: `take < degree` and `degree` fits 32 bits; with `take >= degree` a caller takes every edge.
  public func pick(_ take: Int, of degree: Int, id: UInt64, into positions: UnsafeMutablePointer<UInt32>) {
    precondition(take < degree && degree <= Int(UInt32.max), "\(take) of \(degree) edges")
    if take <= Self.floydLimit {
      pickByFloyd(take, of: UInt32(degree), id: id, into: positions)
    } else {
      pickBySelection(take, of: degree, id: id, into: positions)
    }
  }

  /// R. Floyd, in Bentley, "Programming pearls: a sample of brilliance", CACM 30(9), 1987; kept sorted by insertion.
  private func pickByFloyd(_ take: Int, of degree: UInt32, id: UInt64, into positions: UnsafeMutablePointer<UInt32>) {
    var words = SIMD4<UInt32>()
    var count = 0
    var bound = degree &- UInt32(take)
    while bound < degree {
      if count & 3 == 0 { words = key.bits(id: id, step: step, block: UInt32(count >> 2)) }
      let drawn = boundedIndex(words[count & 3], below: bound &+ 1)
      var slot = count
      while slot > 0 && positions[slot &- 1] > drawn { slot &-= 1 }
      if slot > 0 && positions[slot &- 1] == drawn {
        positions[count] = bound  // `bound` is above every position so far.
      } else {
        var index = count
        while index > slot {
          positions[index] = positions[index &- 1]
          index &-= 1
        }
        positions[slot] = drawn
      }
      count &+= 1
      bound &+= 1
    }
  }

  /// Selection sampling: Knuth, The Art of Computer Programming, volume 2, 3.4.2, algorithm S.
  private func pickBySelection(_ take: Int, of degree: Int, id: UInt64, into positions: UnsafeMutablePointer<UInt32>) {
    var words = SIMD4<UInt32>()
    var picked = 0
    for position in 0..<degree where picked < take {
      if position & 3 == 0 { words = key.bits(id: id, step: step, block: UInt32(position >> 2)) }
      if boundedIndex(words[position & 3], below: UInt32(degree - position)) < UInt32(take - picked) {
        positions[picked] = UInt32(position)
        picked += 1
      }
    }
  }
}
