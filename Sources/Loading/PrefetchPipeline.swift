public import Messaging
public import Telemetry

/// Loads the batches of coming steps on a thread of its own while a step is computed: it samples a window of steps and fetches the rows of
/// those that come next.
///
/// ```
/// its thread   sample …t+d+w ─▶ announce to the cache ─▶ decide t+1…t+d ─▶ sample the next …
///                 ▲ memory of computed steps                   ▼
/// its second      │                                         pull what is not here ─▶ fetched steps
/// compute      t−1 ◀──────────────────────────── step t ◀──────────────────────────────────┘
/// ```
/// The first thread samples and decides, the second pulls (`PrefetchPuller`), each over connections of its own. They run over the ends of
/// epochs and take as much memory as they may (`PrefetchSchedule`). The steps are the same bits as a `BatchLoader` loads when asked. Used by
/// one thread.
public final class PrefetchPipeline {
  /// What bounds a pipeline.
  public struct Limits: Sendable, Equatable {
    /// Bytes of batches beside the one that is computed, with their rows, and of all that loading them needs: answers on their way, numbering,
    /// rows that the cache has given up and its books.
    public var memoryBytes: Int
    /// Most steps whose rows are fetched ahead, at least 1.
    public var depth: Int

    public init(memoryBytes: Int, depth: Int) {
      self.memoryBytes = memoryBytes
      self.depth = depth
    }
  }

  private let loader: BatchLoader
  private let source: RoutedNeighborSource
  private let pulling: Client
  private let limits: Limits
  private let end: Int
  private let trace: TraceLog?
  private let queue = PrefetchQueue()
  private var thread: NativeThread?
  private var next: Int?
  private var current: StepBatches?

  /// - Parameters:
  ///   - loader: Samples from `source`; used by nobody else from the first step on, like the next two. Its stores know of no step yet.
  ///   - pulling: The connections of the loader's stores, others than those of `source`: both are used at the same time.
  ///   - end: Steps of the whole run.
  ///   - trace: Takes the times of the thread's work.
  public init(
    loader: BatchLoader, source: RoutedNeighborSource, pulling: Client, limits: Limits, end: Int, trace: TraceLog? = nil
  ) {
    precondition(source.client !== pulling, "sampling and pulling over the same connections")
    self.loader = loader
    self.source = source
    self.pulling = pulling
    self.limits = limits
    self.end = end
    self.trace = trace
  }

  deinit { queue.close() }

  /// The batches of a step, which come one after the other from the first that is asked for; the ones before are filled again.
  ///
  /// - Parameter step: Number of the step over the run.
  /// - Throws: What sampling or fetching threw, in place of the step it was for; `SystemError` when there is no thread.
  public func take(_ step: Int) throws -> [PartBatch] {
    if thread == nil { try start(at: step) }
    precondition(next == step && step < end, "steps come one after the other")
    current = nil
    let batches = try queue.take(step)
    precondition(batches.step == step, "step \(batches.step) instead of \(step)")
    current = batches
    next = step + 1
    return batches.parts
  }

  /// What was taken last.
  package var newest: [PartBatch] { current?.parts ?? [] }

  /// What loading the steps that were taken has cost and moved; those sampled ahead of the last are in it too.
  public var totals: LoadingTotals { current?.totals ?? LoadingTotals() }

  /// Ends the threads and waits for them; what it asked other workers for is answered before.
  public func close() {
    queue.close()
    thread?.join()
    thread = nil
    next = nil
  }

  private func start(at step: Int) throws {
    next = step
    let loop = PrefetchLoop(
      loader: loader, source: source, pulling: pulling, queue: queue, trace: trace, steps: step..<end,
      schedule: PrefetchSchedule(steps: step..<end, budget: limits.memoryBytes, mostFetched: limits.depth))
    nonisolated(unsafe) let owned = loop  // Safe: from here on only the thread uses it.
    thread = try NativeThread(name: "halo-ahead") { owned.run() }
  }
}
