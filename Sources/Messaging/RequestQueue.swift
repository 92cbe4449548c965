/// Requests that were read and wait to be served, oldest first, and those from the future, which wait apart; used by one thread.
final class RequestQueue {
  /// One request and where it came from.
  final class Entry {
    let sender = Message()
    let request = Message()
    fileprivate(set) var header = FrameHeader(kind: 0, token: 0, requestID: 0)
  }

  private var waiting: [Entry] = []
  private var first = 0
  private var spares: [Entry] = []
  private var parked: [Entry] = []
  /// Bytes of the requests that wait.
  private(set) var bytes = 0

  var isEmpty: Bool { first == waiting.count }

  /// An entry to receive into; to be appended or given back.
  func takeSpare() -> Entry { spares.popLast() ?? Entry() }

  func append(_ entry: Entry, _ header: FrameHeader) {
    entry.header = header
    bytes += entry.request.bytes.count
    waiting.append(entry)
  }

  /// The oldest request, which waits no more.
  func takeOldest() -> Entry? {
    guard !isEmpty else { return nil }
    let entry = waiting[first]
    first += 1
    if isEmpty {
      waiting.removeAll(keepingCapacity: true)
      first = 0
    } else if first >= 1_024, first * 2 >= waiting.count {
      waiting.removeFirst(first)
      first = 0
    }
    bytes -= entry.request.bytes.count
    return entry
  }

  /// Keeps a request until its time has come.
  func park(_ entry: Entry) {
    bytes += entry.request.bytes.count
    parked.append(entry)
  }

  /// All requests from the future, to be tried again before any that came later.
  func unpark() {
    guard !parked.isEmpty else { return }
    waiting = parked + waiting[first...]
    first = 0
    parked = []
  }

  /// Takes an entry back, without its content.
  func giveBack(_ entry: Entry) {
    entry.sender.clear()
    entry.request.clear()
    if spares.count < 64 { spares.append(entry) }
  }
}
