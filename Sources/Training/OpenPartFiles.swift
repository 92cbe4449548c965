import Foundation

/// Which parts' files this process has mapped or open, as the operating system sees it.
enum OpenPartFiles {
  /// Part numbers found in `/proc/self/maps` and `/proc/self/fd` under `directory`, increasing.
  static func parts(under directory: String) -> [Int] {
    let root = URL(fileURLWithPath: directory).resolvingSymlinksInPath().path + "/part-"
    var paths = lines(of: "/proc/self/maps")
    for descriptor in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
      if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)") { paths.append(target) }
    }
    let numbers = paths.compactMap { path -> Int? in
      guard let range = path.range(of: root) else { return nil }
      return Int(path[range.upperBound...].prefix { $0.isNumber })
    }
    return Set(numbers).sorted()
  }

  /// All lines of a file of `/proc`, which has no size and gives a page at a time; Foundation stops after the first.
  private static func lines(of path: String) -> [String] {
    guard let file = fopen(path, "re") else { return [] }
    defer { fclose(file) }
    var lines: [String] = []
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(line) }
    while getline(&line, &capacity, file) > 0 { lines.append(String(cString: line!)) }
    return lines
  }
}
