import Graphs
import Tensors

/// The three sets of a split while they are filled: a node is in one of them at most.
struct SplitSets {
  /// For each node: 0, or 1 plus the set it is in.
  private let setOf: Buffer<UInt8>

  init(nodeCount: Int) { setOf = Buffer(count: nodeCount) }

  /// The set that holds `node`: 0 training, 1 validation, 2 test.
  func set(of node: Int) -> Int? { setOf[node] == 0 ? nil : Int(setOf[node]) - 1 }

  func put(_ node: Int, in set: Int) { setOf[node] = UInt8(set + 1) }

  /// The nodes of each set, increasing.
  func split(named name: String) -> Split {
    var split = Split(name: name)
    for node in 0..<setOf.count {
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
