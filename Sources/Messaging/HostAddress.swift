import Glibc

/// Names and addresses of this machine.
package enum HostAddress {
  /// The IPv4 address from which this machine would reach others: that of the default route, else of the first interface
  /// that is up, else 127.0.0.1.
  package static func guess() -> String { addressOfDefaultRoute() ?? addressOfFirstInterface() ?? "127.0.0.1" }

  /// The machine's name, as `hostname` prints it.
  package static func name() -> String {
    var text = [CChar](repeating: 0, count: 256)
    guard gethostname(&text, text.count - 1) == 0 else { return "unknown host" }
    return string(text)
  }

  /// Connecting a datagram socket sends nothing; it only makes the kernel choose a route and with it our own address.
  private static func addressOfDefaultRoute() -> String? {
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var remote = sockaddr_in()
    remote.sin_family = sa_family_t(AF_INET)
    remote.sin_port = UInt16(9).bigEndian
    remote.sin_addr.s_addr = UInt32(0xC633_6401).bigEndian  // 198.51.100.1, a documentation address (RFC 5737).
    var local = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let connected = withUnsafePointer(to: &remote) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, length) }
    }
    guard connected == 0 else { return nil }
    let named = withUnsafeMutablePointer(to: &local) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    return named == 0 ? text(local.sin_addr) : nil
  }

  private static func addressOfFirstInterface() -> String? {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&first) == 0 else { return nil }
    defer { freeifaddrs(first) }
    var entry = first
    while let interface = entry?.pointee {
      let flags = Int32(bitPattern: interface.ifa_flags)
      let usable = flags & Int32(IFF_UP) != 0 && flags & Int32(IFF_LOOPBACK) == 0
      if usable, let address = interface.ifa_addr, address.pointee.sa_family == sa_family_t(AF_INET) {
        return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { text($0.pointee.sin_addr) }
      }
      entry = interface.ifa_next
    }
    return nil
  }

  private static func text(_ address: in_addr) -> String? {
    var copy = address
    var text = [CChar](repeating: 0, count: Int(INET_ADDRSTRLEN))
    guard inet_ntop(AF_INET, &copy, &text, socklen_t(text.count)) != nil else { return nil }
    return string(text)
  }

  private static func string(_ text: [CChar]) -> String {
    String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
