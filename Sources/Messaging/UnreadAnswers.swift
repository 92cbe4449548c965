import Synchronization

/// Bytes of answers, by connection, that have not left this machine since their receiver does not read them; used by one server thread,
/// while ZeroMQ's own threads report what has left.
final class UnreadAnswers {
  private final class Account: Sendable {
    let bytes = Atomic<Int>(0)
  }

  private var accounts: [[UInt8]: Account] = [:]
  private var mostAccounts = 256

  /// Bytes not yet gone to a connection.
  func bytes(to connection: Message) -> Int { account(of: connection).bytes.load(ordering: .relaxed) }

  /// The message to send to `connection` instead of `answer`: the same content, counted until it has left.
  func counting(_ answer: Message, to connection: Message) -> Message {
    let account = account(of: connection)
    let size = answer.bytes.count
    account.bytes.wrappingAdd(size, ordering: .relaxed)
    return Message(lending: answer) { account.bytes.wrappingSubtract(size, ordering: .relaxed) }
  }

  private func account(of connection: Message) -> Account {
    let name = Array(UnsafeRawBufferPointer(connection.bytes))
    if let known = accounts[name] { return known }
    if accounts.count >= mostAccounts {
      // Connections come and go: what owes nothing is forgotten.
      accounts = accounts.filter { $0.value.bytes.load(ordering: .relaxed) > 0 }
      mostAccounts = max(256, 2 * accounts.count)
    }
    let account = Account()
    accounts[name] = account
    return account
  }
}
