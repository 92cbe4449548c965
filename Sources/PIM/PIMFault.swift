/// Something a program asked of the simulated machine that the real one cannot do.
public enum PIMFault: Error, Hashable, Sendable, CustomStringConvertible {
  /// More bytes than a core's bank has left.
  case bankOverflow(bytes: Int, free: Int)
  /// More bytes than the tasklets of a core have left in their scratchpad.
  case scratchpadOverflow(bytes: Int, free: Int)
  /// A transfer between bank and scratchpad that does not begin at a multiple of 8 bytes on both sides.
  case misalignedTransfer(address: Int, offset: Int)
  /// A transfer between bank and scratchpad that is not 8, 16, …, 2048 bytes long.
  case transferSize(bytes: Int)
  /// A transfer that leaves what was allocated of the bank.
  case outsideBank(address: Int, bytes: Int, used: Int)
  /// A transfer that leaves what was allocated of the scratchpad.
  case outsideScratchpad(offset: Int, bytes: Int, used: Int)
  /// A launch with fewer than one tasklet or more than a core has.
  case taskletCount(Int, most: Int)

  public var description: String {
    switch self {
    case .bankOverflow(let bytes, let free): "bank overflow: \(bytes) bytes asked, \(free) free"
    case .scratchpadOverflow(let bytes, let free): "scratchpad overflow: \(bytes) bytes asked, \(free) free"
    case .misalignedTransfer(let address, let offset):
      "misaligned transfer: bank address \(address), scratchpad offset \(offset), expected multiples of 8"
    case .transferSize(let bytes): "transfer of \(bytes) bytes: expected a multiple of 8 from 8 to 2048"
    case .outsideBank(let address, let bytes, let used):
      "transfer of \(bytes) bytes at \(address) outside the \(used) bytes of the bank in use"
    case .outsideScratchpad(let offset, let bytes, let used):
      "transfer of \(bytes) bytes at \(offset) outside the \(used) bytes of the scratchpad in use"
    case .taskletCount(let count, let most): "\(count) tasklets: expected 1 to \(most)"
    }
  }
}
