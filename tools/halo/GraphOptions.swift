import ArgumentParser
import Datasets
import Tensors

/// What is done to the edges of a graph that is read.
struct EdgeOptions: ParsableArguments {
  @Flag(help: "Add the reverse of every edge that lacks one.")
  var undirected = false

  @Flag(help: "Remove repeated edges.")
  var dedup = false

  @Option(
    help: help(
      "What becomes of edges from a node to itself: they stay (keep), go (drop), or every node without gets one (add).",
      EdgeTransforms.SelfLoops.keep.rawValue))
  var selfLoops: EdgeTransforms.SelfLoops?

  var transforms: EdgeTransforms { EdgeTransforms(dedup: dedup, undirected: undirected, selfLoops: selfLoops ?? .keep) }
}

extension ThreadsOption {
  /// How graphs are read: remarks and progress go to standard error.
  var ingest: IngestContext { IngestContext(threads: value, showsProgress: true) { Halo.printNote($0) } }
}
