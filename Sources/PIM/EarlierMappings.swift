/// How earlier systems spread the same product over the same machine: what PyGim compares itself with.
public struct EarlierMappings: Sendable {
  public let topology: PIMTopology
  public var elementType = PIMElementType.int32

  public init(_ topology: PIMTopology) { self.topology = topology }

  /// GraNDe's: each rank has one slice of the sources, each of its cores some of the columns and all edges of the slice.
  ///
  /// - Throws: `PIMFault` where a bank does not suffice.
  public func grande(_ degrees: PIMDegrees, columns: Int) throws -> PIMTimes {
    var strategy = PIMStrategy(topology.ranks, 1)
    strategy.elementType = elementType
    let aggregation = try PIMAggregation(topology, strategy)
    let model = PhaseModel(topology: topology, sharesInputs: false)
    var merge = 0.0
    var cores: [(rank: Int, work: ClusterWork)] = []
    for rank in 0..<topology.ranks {
      let slice = degrees.slice(rank, of: topology.ranks)
      var known: [Int: ClusterWork] = [:]
      for width in PIMTopology.spread(columns, over: topology.coresOfRanks[rank]) where width > 0 {
        let work = try known[width] ?? aggregation.count(slice, cores: 1, width: width, .multiplyAdd)
        known[width] = work
        merge += model.mergeSeconds(rows: work.rows, rowCount: rank == 0 ? work.rows : 0, width: width)
        cores.append((rank, work))
      }
    }
    var times = model.times(cores)
    times.merge = merge
    return times
  }

  /// SparseP's: a product with a vector for each column, as many columns at a time as there are ranks; edges lie exactly balanced over the
  /// cores of each rank, in COO.
  ///
  /// - Throws: `PIMFault` where a bank does not suffice.
  public func columnByColumn(_ degrees: PIMDegrees, columns: Int) throws -> PIMTimes {
    var strategy = PIMStrategy(1, topology.ranks).with((.coo, .exact, .exactLockFree))
    strategy.elementType = elementType
    let pass = try PIMAggregation(topology, strategy).estimate(degrees, columns: topology.ranks)
    let passes = (columns + topology.ranks - 1) / topology.ranks
    var times = (1..<passes).reduce(pass) { times, _ in times + pass }
    (times.load, times.loadBytes) = (pass.load, pass.loadBytes)
    return times
  }
}
