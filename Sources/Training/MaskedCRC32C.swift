/// The checksum of TFRecord files: CRC-32C, rotated and shifted so that a checksum of checksums stays one.
///
/// Castagnoli polynomial 0x1EDC6F41, reflected: RFC 3720, appendix B.4. Mask: tensorflow/tensorflow: tensorflow/core/lib/hash/crc32c.h.
package enum MaskedCRC32C {
  /// Remainders of all bytes.
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { rest, _ in rest >> 1 ^ (rest & 1 == 0 ? 0 : 0x82F6_3B78) }
  }

  /// The checksum without the mask.
  package static func plain(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ $0 >> 8 }
  }

  static func of(_ bytes: some Sequence<UInt8>) -> UInt32 {
    let crc = plain(bytes)
    return (crc >> 15 | crc << 17) &+ 0xA282_EAD8
  }
}
