import Compression
import Foundation

/// Files that NumPy 2 and SciPy 1.17 wrote, and archives made by hand.
enum NPZFixtures {
  /// `numpy.savez_compressed(f, a=numpy.arange(6, dtype=numpy.int32).reshape(2, 3), b=numpy.array([0.5, -2.0]))`
  static let compressed = decode(
    """
    UEsDBC0AAAAIAAAAIQBQtE2E//////////8FABQAYS5ucHkBABAAmAAAAAAAAABVAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TaaKuo6Cell9UUp
    SYF59flJIKEndLzClOBYoXZyQWpAL5GkY6CsaaOgq1CmQDLgYgYARiJiBmBmIWIGYFYgBQSwMELQAAAAgAAAAhAKxZvHX//////////wUAFABiLm5weQEA
    EACQAAAAAAAAAE0AAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgbpNmoa6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaRjqaOgq1ChQALgYweG
    APoRkOAABQSwECLQMtAAAACAAAACEAULRNhFUAAACYAAAABQAAAAAAAAAAAAAAgAEAAAAAYS5ucHlQSwECLQMtAAAACAAAACEArFm8dU0AAACQAAAABQAA
    AAAAAAAAAAAAgAGMAAAAYi5ucHlQSwUGAAAAAAIAAgBmAAAAEAEAAAAA
    """)

  /// `numpy.savez(f, x=numpy.array([1.5, 2.5, -3], dtype=numpy.float32), n=numpy.array([7, 8], dtype=numpy.uint64))`
  static let stored = decode(
    """
    UEsDBC0AAAAAAAAAIQDBJ+6l//////////8FABQAeC5ucHkBABAAjAAAAAAAAACMAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJzxmNCcsICdmb3J0cm
    FuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgzLCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg
    ICAgICAKAADAPwAAIEAAAEDAUEsDBC0AAAAAAAAAIQCBGFyB//////////8FABQAbi5ucHkBABAAkAAAAAAAAACQAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2
    NyJzogJzx1OCcsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgyLCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg
    ICAgICAgICAgICAgICAgICAgICAgICAKBwAAAAAAAAAIAAAAAAAAAFBLAQItAy0AAAAAAAAAIQDBJ+6ljAAAAIwAAAAFAAAAAAAAAAAAAACAAQAAAAB4Lm
    5weVBLAQItAy0AAAAAAAAAIQCBGFyBkAAAAJAAAAAFAAAAAAAAAAAAAACAAcMAAABuLm5weVBLBQYAAAAAAgACAGYAAACKAQAAAAA=
    """)

  /// `scipy.sparse.save_npz(f, csr_matrix((array([1, 2, 3, 4.5]), array([4, 0, 1, 2]), array([0, 2, 2, 4])), shape=(3, 5)))`
  static let sparse = decode(
    """
    UEsDBC0AAAAIAAAAIQCQFLmt//////////8LABQAaW5kaWNlcy5ucHkBABAAkAAAAAAAAABNAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TaaKuo6
    Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GiY6mjoKtQoUAC4WBghgBGImIAYAUEsDBC0AAAAIAAAAIQC3nlc+//////////8KABQAaW5kcHRyLm5w
    eQEAEACQAAAAAAAAAEwAAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgbpNpoq6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaJjqaOgq1ChQALg
    YgYIJiFiAGAFBLAwQtAAAACAAAACEAo8N0l///////////CgAUAGZvcm1hdC5ucHkBABAAgwAAAAAAAABFAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6l
    oF4TbKyuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5Gpo6CrUKFAGu5OIiAFBLAwQtAAAACAAAACEAdtB5ZP//////////CQAUAHNoYXBlLm5weQ
    EAEACQAAAAAAAAAEoAAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgbpNpoa6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaRjqaOgq1ChQALmYG
    CGCF0gBQSwMELQAAAAgAAAAhAMrkRdz//////////wgAFABkYXRhLm5weQEAEACgAAAAAAAAAFMAAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgbpNmoa
    6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaJjqaOgq1ChQALgYw+GAPoRkcIBQHlBZyAABQSwECLQMtAAAACAAAACEAkBS5rU0AAACQAAAACwAA
    AAAAAAAAAAAAgAEAAAAAaW5kaWNlcy5ucHlQSwECLQMtAAAACAAAACEAt55XPkwAAACQAAAACgAAAAAAAAAAAAAAgAGKAAAAaW5kcHRyLm5weVBLAQItAy
    0AAAAIAAAAIQCjw3SXRQAAAIMAAAAKAAAAAAAAAAAAAACAARIBAABmb3JtYXQubnB5UEsBAi0DLQAAAAgAAAAhAHbQeWRKAAAAkAAAAAkAAAAAAAAAAAAA
    AIABkwEAAHNoYXBlLm5weVBLAQItAy0AAAAIAAAAIQDK5EXcUwAAAKAAAAAIAAAAAAAAAAAAAACAARgCAABkYXRhLm5weVBLBQYAAAAABQAFABYBAAClAg
    AAAAA=
    """)

  private static func decode(_ text: String) -> [UInt8] {
    Array(Data(base64Encoded: text, options: .ignoreUnknownCharacters)!)
  }

  /// A `.npy` file of version 1.
  static func npy<T: BitwiseCopyable>(_ descr: String, _ shape: String, _ elements: [T]) -> [UInt8] {
    let header = Array("{'descr': '\(descr)', 'fortran_order': False, 'shape': \(shape), }\n".utf8)
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.count), 0] + header + elements.withUnsafeBytes { Array($0) }
  }

  /// A zip archive of stored entries; with `zip64`, every size and offset stands in 64-bit fields only.
  static func zip(_ entries: [(name: String, content: [UInt8])], zip64: Bool = false, comment: String = "") -> [UInt8] {
    var archive = [UInt8]()
    var directory = [UInt8]()
    for (name, content) in entries {
      let offset = archive.count
      let check = little(content.withUnsafeBytes { Deflate.crc32($0) })
      let size = zip64 ? [UInt8](repeating: 0xFF, count: 4) : little(UInt32(content.count))
      let fields = little(UInt64(content.count)) + little(UInt64(content.count)) + little(UInt64(offset))
      let extra = zip64 ? little(UInt16(0x9999)) + little(UInt16(2)) + [0, 0] + little(UInt16(1)) + little(UInt16(24)) + fields : []
      let common = [UInt8](repeating: 0, count: 8) + check + size + size + little(UInt16(name.utf8.count))
      archive += little(UInt32(0x0403_4B50)) + little(UInt16(45)) + common + little(UInt16(0)) + Array(name.utf8) + content
      directory += little(UInt32(0x0201_4B50)) + little(UInt16(45)) + little(UInt16(45)) + common + little(UInt16(extra.count))
      directory += [UInt8](repeating: 0, count: 10) + (zip64 ? size : little(UInt32(offset))) + Array(name.utf8) + extra
    }
    let start = archive.count
    archive += directory
    if zip64 {
      let record = archive.count
      archive += little(UInt32(0x0606_4B50)) + little(UInt64(44)) + [UInt8](repeating: 0, count: 12)
      archive += little(UInt64(entries.count)) + little(UInt64(entries.count)) + little(UInt64(directory.count)) + little(UInt64(start))
      archive += little(UInt32(0x0706_4B50)) + little(UInt32(0)) + little(UInt64(record)) + little(UInt32(1))
    }
    archive += little(UInt32(0x0605_4B50)) + little(UInt32(0))
    archive += little(zip64 ? UInt16.max : UInt16(entries.count)) + little(zip64 ? UInt16.max : UInt16(entries.count))
    archive += little(zip64 ? UInt32.max : UInt32(directory.count)) + little(zip64 ? UInt32.max : UInt32(start))
    return archive + little(UInt16(comment.utf8.count)) + Array(comment.utf8)
  }

  private static func little(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
}
