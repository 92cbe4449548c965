import Glibc
import Tensors

/// The hosts of a job, as a file names them for `mpirun`: one host per line, `slots=N` workers on it (default 1).
///
/// ```
/// # two machines, four workers
/// node-a slots=2
/// node-b slots=2
/// ```
/// Everything in the file is checked before anything is started: `mpirun` answers a misspelt name by waiting for it.
package struct LauncherHostFile: Sendable, Equatable {
  /// One line of the file.
  package struct Host: Sendable, Equatable {
    package var name: String
    /// Workers to place on the host before the next one is used.
    package var slots: Int
    /// Whether the name stands for the machine that reads the file.
    package var isLocal: Bool

    package init(name: String, slots: Int, isLocal: Bool) {
      self.name = name
      self.slots = slots
      self.isLocal = isLocal
    }
  }

  package let path: String
  package let hosts: [Host]

  /// - Throws: `SystemError` for a file that cannot be read, `InputError` for a line that `mpirun` would not understand,
  ///   a name that does not resolve, and a machine that is named twice.
  package init(path: String) throws {
    self.path = path
    var hosts: [Host] = []
    var lineOfAddress: [SocketAddress: Int] = [:]
    for (index, text) in try Self.lines(of: path).enumerated() {
      let words = text.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
      guard let name = words.first.map(String.init) else { continue }
      let slots = try Self.slots(words.dropFirst(), path: path, line: index + 1)
      let addresses = SocketAddress.resolving(name)
      guard !addresses.isEmpty else {
        throw InputError(path, line: index + 1, expected: "the name or address of a host", found: "\(name), which does not resolve")
      }
      let isLocal = addresses.contains(where: \.isLocal)
      // All names of this machine are one host, whatever addresses they stand for.
      for address in isLocal ? [.thisMachine] : addresses {
        if let earlier = lineOfAddress[address], earlier != index + 1 {
          throw InputError(path, line: index + 1, expected: "every host once", found: "\(name), the same machine as on line \(earlier)")
        }
        lineOfAddress[address] = index + 1
      }
      hosts.append(Host(name: name, slots: slots, isLocal: isLocal))
    }
    guard !hosts.isEmpty else { throw InputError(path, expected: "a host on each line", found: "no host") }
    self.hosts = hosts
  }

  private static func lines(of path: String) throws -> [Substring] {
    guard let file = fopen(path, "re") else { throw SystemError("open host file \(path)", code: errno) }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = fread(&block, 1, block.count, file)
      bytes.append(contentsOf: block.prefix(count))
      if count < block.count { break }
    }
    guard ferror(file) == 0 else { throw SystemError("read host file \(path)", code: errno) }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
  }

  private static func slots(_ options: ArraySlice<Substring>, path: String, line: Int) throws -> Int {
    guard let option = options.first else { return 1 }
    let parts = option.split(separator: "=", omittingEmptySubsequences: false)
    guard options.count == 1, parts.count == 2, parts[0] == "slots", let slots = Int(parts[1]), slots >= 1 else {
      throw InputError(path, line: line, expected: "a host and slots=N with N ≥ 1", found: options.joined(separator: " "))
    }
    return slots
  }
}

/// The address of a host, without port.
private struct SocketAddress: Hashable {
  private var bytes: [UInt8]

  /// Stands for every address of the machine that this process runs on.
  static let thisMachine = SocketAddress(bytes: [])

  /// Whether this machine has the address: only then can a socket be bound to it.
  var isLocal: Bool {
    bytes.withUnsafeBytes { raw in
      let address = raw.baseAddress!.assumingMemoryBound(to: sockaddr.self)
      let socket = Glibc.socket(Int32(address.pointee.sa_family), Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      guard socket >= 0 else { return false }
      defer { close(socket) }
      return bind(socket, address, socklen_t(raw.count)) == 0
    }
  }

  /// All addresses that the resolver knows for `name`; none when it does not resolve.
  static func resolving(_ name: String) -> [SocketAddress] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
    defer { freeaddrinfo(list) }
    return sequence(first: list, next: { $0?.pointee.ai_next }).compactMap { entry in
      guard let entry = entry?.pointee, let address = entry.ai_addr else { return nil }
      return SocketAddress(bytes: Array(UnsafeRawBufferPointer(start: address, count: Int(entry.ai_addrlen))))
    }
  }
}
