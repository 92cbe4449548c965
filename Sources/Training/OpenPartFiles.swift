import Foundation

/// Which parts' files this process has mapped or open, as the operating system sees it.
enum OpenPartFiles {
  /// Part numbers found in `/proc/self/maps` and `/proc/self/fd` under `directory`, increasing.
  static func parts(under directory: String) -> [Int] {
    let root = URL(fileURLWithPath: directory).resolvingSymlinksInPath().path + "/part-"
    let maps = (try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8)) ?? ""
    var paths = maps.split(separator: "\n").map(String.init)
    for descriptor in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
      if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)") { paths.append(target) }
    }
    let numbers = paths.compactMap { path -> Int? in
      guard let range = path.range(of: root) else { return nil }
      return Int(path[range.upperBound...].prefix { $0.isNumber })
    }
    return Set(numbers).sorted()
  }
}
