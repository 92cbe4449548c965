public import KVStore
public import Messaging
import Partitions
import Tensors

/// Serves the rows and the sampled neighbours of one part to other programs, until it is closed.
///
/// Answers `describe`, `findNodes`, `originalNumbers`, `pullRows`, `pullSparseRows` and `sampleNeighbors`; every length, id and number in a
/// request is checked, and whatever is not served gets a failure reply that says why.
public final class PartService: Sendable {
  /// What is served, and how.
  public struct Options: Sendable {
    /// Where to listen, and with how many threads.
    public var server = Server.Options()
    /// Number that requests must carry.
    public var token: UInt64 = 0
    /// Part of every sampling key: with the seed of a training run the samples are that run's.
    public var seed: UInt64 = 0
    public var placement = FeaturePlacement.mapped
    /// Largest payload of an answer, in bytes.
    public var maximumReplyBytes = 64 << 20

    public init() {
      server.host = "127.0.0.1"
      server.maximumRequestBytes = 16 << 20
      server.maximumQueuedBytes = 256 << 20
      server.maximumUnreadBytes = 256 << 20
      server.answersStrangers = true
      server.sendBufferBytes = nil
    }
  }

  public let graph: ServedGraph
  private let server: Server

  /// Opens a part, checks it and starts to serve.
  ///
  /// - Parameter directory: A partition directory, which need not have other parts.
  /// - Throws: `InputError` or `SystemError` when the part cannot be opened or has an unknown number, `MessagingError` when its endpoint
  ///   cannot be had.
  public init(directory: String, part number: Int, options: Options) throws {
    let manifest = try Manifest.load(directory)
    guard (0..<manifest.partCount).contains(number) else {
      throw InputError(directory, expected: "a part below \(manifest.partCount)", found: "part \(number)")
    }
    let part = try LocalPartition(directory: directory, manifest: manifest, part: number)
    let resident: Set<Int> = options.placement == .resident ? [number] : []
    let tables =
      manifest.tables.indices.map { TableShards(number: $0, of: manifest, in: [part], resident: resident) }
      + manifest.edgeTables.indices.map { TableShards(edgeTable: $0, of: manifest, in: [part], resident: resident) }
    let graph = ServedGraph(
      manifest, partition: try Checksum.of(file: "\(directory)/\(Manifest.fileName)"), part: number, seed: options.seed,
      maximumRequestBytes: options.server.maximumRequestBytes, maximumReplyBytes: options.maximumReplyBytes)
    self.graph = graph
    let served = ServedTables(tables, serving: number..<number + 1)
    var handlers = rowHandlers(
      book: part.book, edges: PartitionBook(edgesOf: manifest), tables: served, maximumReplyBytes: options.maximumReplyBytes)
    let numbers = NodeNumbers(part, nodeTypes: manifest.schema.nodeTypes)
    let sampling = BoundedSampling(
      part, relationCount: manifest.schema.relations.count, seed: options.seed, maximumReplyBytes: options.maximumReplyBytes)
    handlers[.describe] = { _ in ReplyBuffer(count: 1, buffer: try graph.message()) }
    handlers[.findNodes] = { try numbers.findNodes($0) }
    handlers[.originalNumbers] = { try numbers.originalNumbers($0) }
    handlers[.sampleNeighbors] = { try sampling.answer($0) }
    server = try Server(token: options.token, handlers: handlers, options: options.server)
  }

  /// Where it listens, `tcp://127.0.0.1:40231`, one for each thread.
  public var endpoints: [String] { server.endpoint.split(separator: ",").map(String.init) }

  public var traffic: Server.Traffic { server.traffic }

  /// Stops serving and frees the ports.
  public func close() { server.close() }
}
