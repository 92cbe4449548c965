import Tensors

/// Shares of the nodes that are for training, validation and test.
public struct SplitFractions: Sendable, Equatable {
  public var train: Double
  public var validation: Double
  public var test: Double

  public init(train: Double = 0.1, validation: Double = 0.1, test: Double = 0.8) {
    self.train = train
    self.validation = validation
    self.test = test
  }

  /// - Throws: `InputError` when a share is negative or they are more than all.
  func validate() throws {
    let shares = [train, validation, test]
    guard shares.allSatisfy({ $0 >= 0 }), shares.reduce(0, +) <= 1 + 1e-9 else {
      throw InputError("split fractions", expected: "shares of at least 0 that are at most 1 together", found: "\(shares)")
    }
  }

  /// A random choice of exactly these shares of `count` nodes, rounded to whole nodes.
  func split(_ count: Int, seed: UInt64) -> Split {
    let order = Generators.permutation(of: count, seed: seed, .split)
    let ends = [train, train + validation, train + validation + test].map { min(count, Int(($0 * Double(count)).rounded())) }
    let setOf = Buffer<UInt8>(count: count)
    for position in 0..<ends[2] { setOf.pointer[Int(order.pointer[position])] = position < ends[0] ? 1 : position < ends[1] ? 2 : 3 }
    var split = Split()
    split.train.reserveCapacity(ends[0])
    split.validation.reserveCapacity(ends[1] - ends[0])
    split.test.reserveCapacity(ends[2] - ends[1])
    for node in 0..<count {
      switch setOf.pointer[node] {
      case 1: split.train.append(UInt32(node))
      case 2: split.validation.append(UInt32(node))
      case 3: split.test.append(UInt32(node))
      default: break
      }
    }
    return split
  }
}
