/// What reading a graph takes in memory and on disk where no limit is set, for plans made before it is read. Under a limit the edges of text
/// and arrays lie in files until something is done to them.
///
/// The figures are of `GraphReader` at its peak, in bytes, and bound it from above: pages of mapped files are not counted, since the
/// system takes them back when memory is short. `E` are the edges of the input, `N` its nodes.
public struct IngestEstimate: Sendable, Equatable {
  /// What is read.
  public enum Source: Sendable, CaseIterable {
    /// Lists of edges in text.
    case text
    /// 32-bit ids of one `.npy` file, which stay where they are.
    case mappedArrays
    /// Other ids in arrays.
    case copiedArrays
    case metis
    case matrix
    /// A dataset directory, whose arrays are mapped.
    case dataset
  }

  /// Whatever the size of the graph: pieces of text, buffers, the table of names.
  public var fixedBytes: Int
  /// At the peak, per edge of the input.
  public var bytesPerEdge: Int
  /// At the peak, per node.
  public var bytesPerNode: Int
  /// What the graph holds when everything is done, per edge of the input; twice the edges where reverse ones come.
  public var keptBytesPerEdge: Int
  /// Disk for temporary files, at most: per edge, names longer than 15 bytes aside, which take their length and four bytes more.
  public var scratchBytesPerEdge: Int
  /// Disk for the names of nodes, per node, beside the names themselves.
  public var scratchBytesPerNode: Int

  /// Bytes of memory of a graph of this size.
  public func memory(edges: Int, nodes: Int) -> Int { fixedBytes + bytesPerEdge * edges + bytesPerNode * nodes }

  public init(
    _ source: Source, format: EdgeListFormat = EdgeListFormat(), transforms: EdgeTransforms = EdgeTransforms(),
    context: IngestContext = IngestContext()
  ) {
    let isMapped = source == .mappedArrays || source == .dataset
    let isNamed = format.ids == .compact && [.text, .mappedArrays, .copiedArrays].contains(source)
    let weight = (format.weight == nil ? 0 : 4) + 4 * format.features.count
    // Ends, weight and row of an edge; mapped ones are copied as soon as something is done to them.
    let edge = 8 + weight
    let read = isMapped && !isNamed ? 0 : edge
    fixedBytes = Self.fixedBytes(source, isNamed: isNamed, hasRows: !format.features.isEmpty, context: context)
    // A bit for each node that occurs; numbers of those that went through files; offsets of METIS's lists and their lines.
    let nodes = source == .metis ? 28 : isNamed ? 4 : 1
    var peaks = [(edge: source == .metis ? edge + 4 : read, node: nodes)]
    var kept = read
    if transforms.dedup {
      // Sources grouped by destination, bounds of the groups and a cursor; then the edges that stay.
      peaks.append((kept + 4 + edge, 16))
      kept = edge
    }
    if transforms.selfLoops == .drop {
      peaks.append((kept + edge, 0))
      kept = edge
    }
    if transforms.undirected {
      // Ends grouped by lower end, two bounds of groups; then twice the edges.
      peaks.append((kept + 4 + 2 * edge, 16))
      kept = 2 * edge
    }
    if transforms.selfLoops == .add {
      peaks.append((kept + max(kept, edge), 1 + edge))
      kept = max(kept, edge)
    }
    bytesPerEdge = peaks.map(\.edge).max() ?? 0
    bytesPerNode = peaks.map(\.node).max() ?? 0
    keptBytesPerEdge = kept
    // Both ends may go to disk, and the first of each node once more.
    scratchBytesPerEdge = isNamed ? 4 * 24 : 0
    scratchBytesPerNode = isNamed ? 8 : 0
  }

  private static func fixedBytes(_ source: Source, isNamed: Bool, hasRows: Bool, context: IngestContext) -> Int {
    let buffers = 4 << 20
    // Pieces of text, and as many edges as they may hold: four bytes are the shortest line.
    let edgesOfPiece = TextPieces.bytes / 4
    // Numbers of rows are two bytes at least.
    let piece = TextPieces.bytes + edgesOfPiece * (isNamed ? 36 : 12) + (hasRows ? 2 * TextPieces.bytes : 0)
    let pieces = TextPieces.sets * TextPieces.perThread * context.threads.count * piece
    // The table, or later that of one bucket; ends on their way to a bucket, and to one of its own buckets where it is too large.
    let table = isNamed ? context.idTableBytes + 3 * SpilledEnds.bufferBytes : 0
    switch source {
    case .text, .metis, .matrix: return pieces + buffers + table
    case .mappedArrays, .copiedArrays: return table + (isNamed ? 2 * buffers : 1 << 20)
    case .dataset: return 1 << 20
    }
  }
}
