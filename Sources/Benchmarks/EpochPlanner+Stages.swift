import Telemetry
import Training

/// What a worker computes and moves, and how long each stage of it takes.
extension EpochPlanner {
  /// What one worker computes and moves in an epoch.
  func traffic(_ sizes: BatchSizes, steps: Int, partsPerWorker: Double, weights: Int) -> Traffic {
    let times = Double(steps) * partsPerWorker
    var traffic = Traffic()
    traffic.seeds = Int(sizes.seeds * times)
    traffic.layers = sizes.layers.map { layer in
      var result = Traffic.Layer()
      result.destinations = Int(layer.destinations * times)
      result.sources = Int(layer.sources * times)
      result.edges = Int(layer.edges * times)
      return result
    }
    let asks = request.networkBytesPerSecond != nil && request.workers > 1
    if asks {
      traffic.remoteRows = Int(sizes.remoteRows * times)
      traffic.remoteRowBytes = traffic.remoteRows * rowBytes
      traffic.remoteNodes = Int(sizes.remoteNodes * times)
      let edgeBytes = request.shape.readsDegrees ? 8.0 : 4.0
      let nodeBytes = 4.0 * Double(request.shape.relations.count) * (request.shape.readsDegrees ? 2 : 1)
      traffic.storeBytesReceived = traffic.remoteRowBytes + Int((sizes.remoteNodes * nodeBytes + sizes.remoteEdges * edgeBytes) * times)
    }
    // Sums of other slices go out, weights of other slices come in.
    let others = Double(request.workers - 1) / Double(request.workers)
    traffic.reduceBytesSent = Int(Double(steps) * 2 * others * 4 * Double(weights))
    return traffic
  }

  func stageSeconds(_ limits: EpochLimits, _ traffic: Traffic, threads: Int, imbalance: Double) -> [String: Double] {
    let cores = Double(request.cores) / Double(threads)
    let speed = request.cores <= threads ? cores : cores * request.coreEfficiency
    var stages: [String: Double] = [:]
    for stage in Stage.allCases.map(\.rawValue) {
      let (measured, limit) = (report.stages[stage] ?? 0, report.limits.stages[stage] ?? 0)
      // A stage that the measured run hardly had says nothing about its factor.
      let factor = limit > 1e-4 ? measured / limit : 1
      stages[stage] = (limits.stages[stage] ?? 0) * factor / speed
    }
    // These grow with a count alone; their limits would only add the noise of two more measurements.
    func scale(_ stage: String, _ amount: Double, over measured: Double) {
      if measured > 0 { stages[stage] = (report.stages[stage] ?? 0) / measured * amount / speed }
    }
    scale("sample", Double(traffic.sampledEdges), over: Double(report.traffic.sampledEdges))
    if report.traffic.remoteRows == 0 {
      scale("fetch", Double(traffic.layers.first?.sources ?? 0), over: Double(report.traffic.layers.first?.sources ?? 0))
    }
    // All wait for the busiest worker of a step when they sum their gradients.
    if request.workers > 1 {
      stages["reduce", default: 0] += (imbalance - 1) * ["sample", "forward", "backward"].reduce(0) { $0 + (stages[$1] ?? 0) }
    }
    guard let network = request.networkBytesPerSecond, request.workers > 1 else { return stages }
    let rate = network * request.networkEfficiency
    let sampled = Double(traffic.storeBytesReceived - traffic.remoteRowBytes)
    stages["sample", default: 0] += sampled / rate + sampled * askedSecondsPerByte / speed
    stages["fetch", default: 0] += Double(traffic.remoteRowBytes) / rate + Double(traffic.remoteRowBytes) * askedSecondsPerByte / speed
    stages["reduce", default: 0] += Double(traffic.reduceBytesSent) / rate
    return stages
  }

  /// Seconds that serving and receiving a byte takes, over all threads that were measured.
  var askedSecondsPerByte: Double {
    guard let asked, asked.traffic.remoteRowBytes > 0 else { return Self.assumedSecondsPerByte }
    return (asked.stages["fetch"] ?? 0) / Double(asked.traffic.remoteRowBytes)
  }

  /// Of two threads: 0.5 s for 0.45 GB each, measured on one host.
  private static let assumedSecondsPerByte = 1.1e-9 / 2
}
