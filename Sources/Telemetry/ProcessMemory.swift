import Glibc

/// Resident memory of this process in bytes, as Linux counts it.
public struct ProcessMemory: Equatable, Sendable {
  /// Now (`VmRSS`), shared file pages included.
  public var resident: Int
  /// At its highest so far (`VmHWM`).
  public var peak: Int

  public init(resident: Int, peak: Int) {
    self.resident = resident
    self.peak = peak
  }

  /// Reads `/proc/self/status`; `nil` where there is none.
  public static func current() -> ProcessMemory? {
    guard let file = fopen("/proc/self/status", "re") else { return nil }
    defer { fclose(file) }
    var text = ""
    var line = [CChar](repeating: 0, count: 512)
    while fgets(&line, Int32(line.count), file) != nil {
      text += String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
    return ProcessMemory(parsing: text)
  }

  /// Finds the two lines in the text of a `status` file; `nil` when one is missing.
  package init?(parsing status: String) {
    func bytes(of field: String) -> Int? {
      for line in status.split(separator: "\n") where line.hasPrefix(field + ":") {
        let words = line.split(whereSeparator: \.isWhitespace)
        return words.count == 3 && words[2] == "kB" ? Int(words[1]).map { $0 * 1024 } : nil
      }
      return nil
    }
    guard let resident = bytes(of: "VmRSS"), let peak = bytes(of: "VmHWM") else { return nil }
    self.init(resident: resident, peak: peak)
  }
}
