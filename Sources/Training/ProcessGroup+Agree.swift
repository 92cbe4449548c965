public import Collectives

/// An error of one worker, thrown on all of them so that the job ends together and one line says why.
public struct WorkerError: Error, Sendable, CustomStringConvertible {
  /// The lowest worker that failed; it is the one to print the line.
  public let worker: Int
  public let message: String

  public var description: String { worker == 0 ? message : "worker \(worker): \(message)" }
}

extension ProcessGroup {
  /// Runs `body` on every worker and returns its value here if it succeeded everywhere; a collective call.
  ///
  /// - Throws: `WorkerError` of the lowest worker that failed, the same on every worker.
  public func agree<Value>(_ body: () throws -> Value) throws -> Value {
    let result = Result { try body() }
    var message = ""
    if case .failure(let error) = result { message = "\(error)" }
    let messages = try allGather(Array(message.utf8))
    if let worker = messages.firstIndex(where: { !$0.isEmpty }) {
      throw WorkerError(worker: worker, message: String(decoding: messages[worker], as: UTF8.self))
    }
    return try result.get()
  }
}
