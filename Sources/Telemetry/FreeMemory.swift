import Foundation

/// Memory that this process could still take without pushing others out.
public enum FreeMemory {
  /// Bytes: what Linux calls available (`/proc/meminfo`), or what is left of the control group's limit where that is less; `nil` where
  /// neither is known.
  public static func bytes() -> Int? {
    let available = text("/proc/meminfo").flatMap(available(in:))
    let group = "/sys/fs/cgroup/memory"
    guard let limit = text("\(group).max").flatMap(number), let used = text("\(group).current").flatMap(number) else { return available }
    return min(available ?? .max, max(0, limit - used))
  }

  /// The value of `MemAvailable` in the text of `/proc/meminfo`.
  package static func available(in meminfo: String) -> Int? {
    for line in meminfo.split(separator: "\n") where line.hasPrefix("MemAvailable:") {
      let words = line.split(whereSeparator: \.isWhitespace)
      return words.count == 3 && words[2] == "kB" ? Int(words[1]).map { $0 * 1024 } : nil
    }
    return nil
  }

  private static func number(_ text: String) -> Int? { Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) }

  /// The first page of a file of `/proc` or `/sys`, which is enough here.
  private static func text(_ path: String) -> String? {
    guard let file = FileHandle(forReadingAtPath: path), let data = try? file.readToEnd() else { return nil }
    return String(decoding: data, as: UTF8.self)
  }
}
