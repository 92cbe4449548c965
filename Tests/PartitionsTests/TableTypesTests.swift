import Graphs
import Partitions
import Tensors
import Testing

/// Tables stored with another element type than they come with.
@Suite struct TableTypesTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  /// A graph of two nodes in one part whose table `x` has these rows.
  private func graph(_ rows: [[Float]]) -> RawGraph {
    let nodes = NodeData(count: rows.count, tables: ["x": SmallGraphs.dense(rows.flatMap { $0 }, columns: rows[0].count)])
    return RawGraph(name: "few", schema: .plain, nodes: [nodes], edges: [SmallGraphs.edges([(0, 1)])])
  }

  /// Writes `graph` with the types and returns its table `x`; what was written must hold.
  private func stored(_ graph: RawGraph, _ types: TableTypes, name: String = "x") throws -> DenseRows {
    let assignment = SmallGraphs.assignment(graph, [UInt16](repeating: 0, count: graph.nodes[0].count))
    let path = directory.file("parts")
    let manifest = try PartitionWriter.write(graph, assignment, to: path, types: types, force: true, threads: Threads(2))
    #expect(try Verifier.verify(path, against: graph) == [])
    let part = try LocalPartition(directory: path, manifest: manifest, part: 0)
    guard case .dense(let rows)? = part.nodes[0].tables[name] else { preconditionFailure("no table") }
    return rows
  }

  private func halves(_ rows: DenseRows, _ row: Int) -> [UInt16] {
    let start = UnsafeRawPointer(rows.bytes.pointer + row * rows.strideBytes)
    return (0..<rows.columns).map { start.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self) }
  }

  private func numbers(_ rows: DenseRows, _ row: Int) -> [Int] {
    (0..<rows.columns).map { Int(Int8(bitPattern: rows.bytes[row * rows.strideBytes + $0])) }
  }

  @Test func float16RoundsToNearestTiesToEven() throws {
    let values: [(Float, UInt16)] = [
      (0, 0), (-0.0, 0x8000), (1, 0x3c00), (-2, 0xc000), (1 + 0x1p-11, 0x3c00), (1 + 0x1p-11 + 0x1p-20, 0x3c01), (1 + 0x3p-11, 0x3c02),
      (65_504, 0x7bff), (65_519, 0x7bff), (0x1p-24, 1), (0x1p-25, 0), (0x1.8p-24, 2), (1e-30, 0), (0.1, 0x2e66),
    ]
    let both = [values.map(\.0), values.map { -$0.0 }]
    let rows = try stored(graph(both), TableTypes(.float16))
    #expect(rows.elementType == .float16)
    #expect(halves(rows, 0) == values.map(\.1))
    #expect(halves(rows, 1) == values.map { $0.1 ^ 0x8000 })
  }

  @Test func bfloat16RoundsToNearestTiesToEven() throws {
    let values: [(Float, UInt16)] = [
      (0, 0), (1, 0x3f80), (1 + 0x1p-8, 0x3f80), (1 + 0x1p-8 + 0x1p-20, 0x3f81), (1 + 0x3p-8, 0x3f82), (-3, 0xc040), (0.1, 0x3dcd),
      (Float(bitPattern: 0x7f7f_0000), 0x7f7f), (Float(bitPattern: 0x7f7f_7fff), 0x7f7f), (.leastNonzeroMagnitude, 0),
      (Float(bitPattern: 0x1_0000), 1),
    ]
    let both = [values.map(\.0), values.map { -$0.0 }]
    let rows = try stored(graph(both), TableTypes(.bfloat16))
    #expect(halves(rows, 0) == values.map(\.1))
    #expect(halves(rows, 1) == values.map { $0.1 ^ 0x8000 })
  }

  @Test func int8HasAScaleForEachRow() throws {
    let rows = try stored(
      graph([
        [127, -127, 0.5, 1.5, 63.49, -2.5], [0, 0, 0, 0, 0, 0], [-2, 1, 0.01, 0, 2, -1], [7 * .leastNonzeroMagnitude, 0, 0, 0, 0, 0],
      ]), TableTypes(.int8))
    let scales: [Float] = [1, 0, 2 / 127, 0]
    #expect((0..<4).map { rows.scale(of: $0) } == scales)
    #expect(numbers(rows, 0) == [127, -127, 0, 2, 63, -2])
    #expect(numbers(rows, 1) == [0, 0, 0, 0, 0, 0])
    // −2 is −127 scales, 1 is 63.5 of them: rounded in float32 to the even 64 or to 63.
    let third = numbers(rows, 2)
    #expect(third == [-127, 63, 1, 0, 127, -63] || third == [-127, 64, 1, 0, 127, -64])
    let widest = try stored(graph([[.greatestFiniteMagnitude, -1], [0, 1]]), TableTypes(.int8))
    #expect(numbers(widest, 0) == [127, 0] && (127 * widest.scale(of: 0)).isFinite)
  }

  @Test func whatATypeDoesNotHoldIsRefusedWithTableRowAndColumn() throws {
    let cases: [(ElementType, Float, String)] = [
      (.float16, 65_520, "65504.0"), (.float16, -.infinity, "65504.0"), (.float16, .nan, "65504.0"),
      (.bfloat16, .infinity, "3.3895314e+38"),
      (.bfloat16, .greatestFiniteMagnitude, "3.3895314e+38"), (.bfloat16, .nan, "3.3895314e+38"), (.int8, .nan, "3.4028235e+38"),
      (.int8, -.infinity, "3.4028235e+38"),
    ]
    for (type, value, limit) in cases {
      let expected = InputError(
        "table 'x', row 1", expected: "finite values of at most \(limit) for \(type)", found: "\(value) in column 2")
      #expect(throws: expected) { try stored(graph([[1, 2, 3, 4], [5, 6, value, 7]]), TableTypes(type)) }
    }
    #expect(try directory.contents(of: ".").isEmpty)
  }

  /// Values of every size in every type, from every type, at every number of columns: the verifier compares them within the rounding.
  @Test(arguments: TableTypes.types)
  func everyTypeIsConvertedToEveryOther(source: ElementType) throws {
    let key = RandomKey(seed: 3, purpose: .generator)
    for columns in [1, 2, 3, 5, 8, 31, 32, 100] {
      let values = (0..<9 * columns).map { index in
        let bits = key.bits(id: UInt64(index), step: UInt32(columns))
        return (unitFloat(bits[0]) - 0.5) * Float(sign: .plus, exponent: Int(bits[1] % 30) - 15, significand: 1)
      }
      let plain = graph(stride(from: 0, to: values.count, by: columns).map { Array(values[$0..<$0 + columns]) })
      var again = plain
      again.nodes[0].tables["x"] = .dense(try stored(plain, TableTypes(source)))
      for type in TableTypes.types {
        let rows = try stored(again, TableTypes(type))
        #expect(rows.elementType == type && rows.columns == columns)
        #expect(rows.strideBytes >= type.rowBytes(columns: columns) && (type != .int8 || rows.strideBytes % 4 == 0))
      }
    }
  }

  @Test(arguments: [
    (ElementType.float16, 100, 200), (.bfloat16, 128, 256), (.float16, 96, 192), (.float16, 120, 256), (.int8, 100, 128), (.int8, 60, 64),
    (.int8, 64, 68), (.int8, 256, 260), (.int8, 1, 8),
  ])
  func narrowRowsArePaddedWhereItPays(type: ElementType, columns: Int, stride: Int) throws {
    let rows = try stored(graph([(0..<columns).map(Float.init), (0..<columns).map { 1 - Float($0) }]), TableTypes(type))
    #expect(rows.strideBytes == stride)
  }

  @Test func namesAndWordsAreParsed() {
    #expect(TableTypes(parsing: "bfloat16") == TableTypes(.bfloat16))
    #expect(TableTypes(parsing: "feat=int8") == TableTypes(byTable: ["feat": .int8]))
    #expect(TableTypes(parsing: "a=b=int8,float16") == TableTypes(.float16, byTable: ["a=b": .int8]))
    for text in ["", "float64", "half", "=int8", "feat=", "int8,float16", "x=int8,x=int8", "int8,", "feat=int4"] {
      #expect(TableTypes(parsing: text) == nil, "\(text)")
    }
  }

  @Test func tablesAreConvertedByName() throws {
    var graph = graph([[1, 2], [3, 4]])
    graph.nodes[0].tables["y"] = graph.nodes[0].tables["x"]
    graph.nodes[0].tables["label"] = graph.nodes[0].tables["x"]
    let types = TableTypes(.bfloat16, byTable: ["y": .int8])
    #expect(try stored(graph, types).elementType == .bfloat16)
    #expect(try stored(graph, types, name: "y").elementType == .int8)
    #expect(try stored(graph, types, name: "label").elementType == .float32, "targets stay as they are")
    #expect(
      throws: InputError("tables of few", expected: "a table 'z' to convert", found: "label, x, y")
    ) { try stored(graph, TableTypes(byTable: ["z": .int8])) }
    graph.nodes[0].tables["wide"] = .dense(
      DenseRows(rows: 2, columns: 1, strideBytes: 8, elementType: .float64, bytes: ArrayView([UInt8](repeating: 0, count: 16))))
    #expect(
      throws: InputError(
        "table 'wide' of few", expected: "float32, float16, bfloat16, int8 to convert to bfloat16", found: "float64")
    ) { try stored(graph, types) }
    #expect(throws: InputError("table 'words' of cycle", expected: "dense rows to convert to int8", found: "sparse ones")) {
      try TableTypes(byTable: ["words": .int8]).check(SmallGraphs.cycle)
    }
    try TableTypes(.int8).check(SmallGraphs.cycle)
  }
}
