import Graphs
import KVStore
import Messaging
import Tensors
import Testing

/// What a store makes of owners that answer something else than they were asked.
@Suite(.serialized) struct MalformedReplyTests {
  /// A store that must pull from worker 1, which answers the same to everything.
  func error(
    stride: Int?, count: Int, detail: Int, _ words: [UInt32], elementType: ElementType = .float32
  ) throws -> InputError? {
    let table = TestTable(sizes: [[3], [5]], columns: 6, elementType: elementType, strideBytes: stride, seed: 3)
    let answer: RequestHandler = { _ in
      let buffer = MessageBuffer(payloadBytes: words.count * 4)
      words.withUnsafeBytes { buffer.payload.copyMemory(from: $0) }
      return ReplyBuffer(count: count, detail: detail, buffer: buffer)
    }
    let server = try Server(token: 8, handlers: [.pullRows: answer, .pullSparseRows: answer], host: "127.0.0.1")
    defer { server.close() }
    let client = try Client(token: 8, endpoints: [1: server.endpoint])
    let store = RowStore(shards: table.shards(in: [0]), book: table.book, workers: [0, 1], client: client)
    do {
      _ = try store.read([[GlobalID(3), GlobalID(0), GlobalID(7)]])
      return nil
    } catch let error as InputError {
      return error
    }
  }

  func fault(_ expected: String, _ found: String) -> InputError {
    InputError("rows of part 1 from worker 1", expected: expected, found: found)
  }

  @Test func denseAnswersAreCheckedForCountWidthAndSize() throws {
    let rows = [UInt32](repeating: 1, count: 12)
    #expect(try error(stride: 64, count: 2, detail: 24, rows) == nil)
    #expect(try error(stride: 64, count: 3, detail: 24, rows) == fault("2 rows", "3"))
    #expect(try error(stride: 64, count: 2, detail: 64, rows) == fault("rows of 24 bytes", "64"))
    #expect(try error(stride: 64, count: 2, detail: 24, rows + [1]) == fault("48 bytes", "52"))
    #expect(try error(stride: 64, count: 2, detail: 24, []) == fault("48 bytes", "0"))
  }

  /// Rows of six int8 elements are two words, and their scale.
  @Test func scalesOfInt8AnswersAreChecked() throws {
    func error(_ scales: [Float], detail: Int = 12, extra: [UInt32] = []) throws -> InputError? {
      let words = scales.flatMap { [1, 2, $0.bitPattern] as [UInt32] } + extra
      return try self.error(stride: 12, count: 2, detail: detail, words, elementType: .int8)
    }
    #expect(try error([0, 0.5]) == nil)
    #expect(try error([0, 0.5], detail: 6) == fault("rows of 12 bytes", "6"))
    #expect(try error([0, 0.5], extra: [0]) == fault("24 bytes", "28"))
    for scale in [-1, -.leastNonzeroMagnitude, .infinity, -.infinity] as [Float] {
      #expect(try error([1, scale]) == fault("scales that are finite and not negative", "\(scale)"))
    }
    #expect(try error([.nan, 1]) == fault("scales that are finite and not negative", "nan"))
  }

  @Test func sparseAnswersAreCheckedEntryByEntry() throws {
    #expect(try error(stride: nil, count: 2, detail: 3, [1, 2, 5, 0, 4, 9, 9, 9]) == nil)
    #expect(try error(stride: nil, count: 2, detail: 0, [0, 0]) == nil)
    #expect(try error(stride: nil, count: 1, detail: 0, [0]) == fault("2 rows", "1"))
    #expect(try error(stride: nil, count: 2, detail: 3, [1, 2, 5, 0, 4, 9, 9]) == fault("2 lengths and 3 entries", "28 bytes"))
    #expect(try error(stride: nil, count: 2, detail: .max, [1, 2]) == fault("2 lengths and \(Int.max) entries", "8 bytes"))
    #expect(try error(stride: nil, count: 2, detail: 3, [1, 3, 5, 0, 4, 9, 9, 9]) == fault("3 entries", "rows with more"))
    #expect(try error(stride: nil, count: 2, detail: 3, [1, 1, 5, 0, 4, 9, 9, 9]) == fault("3 entries", "2"))
    #expect(try error(stride: nil, count: 2, detail: 3, [.max, 2, 5, 0, 4, 9, 9, 9]) == fault("3 entries", "rows with more"))
    #expect(
      try error(stride: nil, count: 2, detail: 3, [1, 2, 6, 0, 4, 9, 9, 9]) == fault("increasing columns below 6", "6 after -1"))
    #expect(
      try error(stride: nil, count: 2, detail: 3, [1, 2, 5, 4, 4, 9, 9, 9]) == fault("increasing columns below 6", "4 after 4"))
  }
}
