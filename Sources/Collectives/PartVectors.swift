/// Float64 vectors of some parts, as they travel: for each part, ascending, its number and its length as 64-bit
/// integers, then its values; all in the byte order of the host (all workers run the same binary).
struct PartVectors {
  let vectors: [(part: Int, values: [Double])]

  /// - Parameter allowed: The parts that may have a vector.
  init(_ perPart: [Int: [Double]], allowed: Range<Int>) {
    vectors = perPart.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    for (part, _) in vectors { precondition(allowed.contains(part), "part \(part) is not among parts \(allowed)") }
  }

  /// Nil unless `bytes` are vectors of ascending parts among `allowed`.
  init?(bytes: [UInt8], allowed: Range<Int>) {
    var vectors: [(part: Int, values: [Double])] = []
    let whole = bytes.withUnsafeBytes { raw -> Bool in
      var offset = 0
      while offset < raw.count {
        guard raw.count - offset >= 16 else { return false }
        let part = raw.loadUnaligned(fromByteOffset: offset, as: Int.self)
        let length = raw.loadUnaligned(fromByteOffset: offset + 8, as: Int.self)
        offset += 16
        guard allowed.contains(part), part > vectors.last?.part ?? -1, length >= 0, length <= (raw.count - offset) / 8 else {
          return false
        }
        vectors.append((part, (0..<length).map { raw.loadUnaligned(fromByteOffset: offset + 8 * $0, as: Double.self) }))
        offset += 8 * length
      }
      return true
    }
    guard whole else { return nil }
    self.vectors = vectors
  }

  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    for (part, values) in vectors {
      withUnsafeBytes(of: part) { bytes.append(contentsOf: $0) }
      withUnsafeBytes(of: values.count) { bytes.append(contentsOf: $0) }
      values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
    return bytes
  }
}
