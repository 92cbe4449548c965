extension JobKey {
  /// Every key of a job file, in the order in which a run stores them.
  public static let all: [JobKey] = job + model + data + embedding + learning + optimisation + evaluation + execution

  private static let job: [JobKey] = [
    .path("partitions", \.partitions),
    .path("output", \.output),
    .path("init-from", \.startingModel),
    JobKey(name: "repeat") {
      $1.repetition = try Repetition(parsing: $0.joined(), option: $0.place)
    } text: {
      $0.repetition == .once ? nil : "\($0.repetition)"
    },
  ]

  private static let model: [JobKey] = [
    .choice("model", \.training.model),
    .whole("hidden", \.training.hidden),
    .notation("fanout", \.training.fanout, Fanout.init(parsing:option:)),
    .choice("first-hop", \.training.firstHop),
    .whole("heads", \.training.heads),
    .whole("output-heads", \.training.outputHeads),
    .choice("activation", \.training.activation),
    .choice("norm", \.training.norm),
    .flag("l2-normalise", \.training.l2Normalise),
    .flag("residual", \.training.residual),
    .choice("jump", \.training.jump),
    .flag("self-loops", \.training.selfLoops),
    .flag("learn-epsilon", \.training.learnEpsilon),
    .real("dropout", \.training.dropout),
    .real("input-dropout", \.training.inputDropout),
    .real("attention-dropout", \.training.attentionDropout),
  ]

  private static let data: [JobKey] = [
    .name("features", \.training.features),
    .name("edge-features", \.training.edgeFeatures, none: TrainingConfiguration.noFeatures),
    .flag("row-normalise", \.training.rowNormalise),
    .name("split", \.training.split),
    .whole("batch-size", \.training.batchSize),
    .whole("batch-size-per-part", \.training.batchSizePerPart),
    .choice("order", \.training.order),
    .choice("sampler", \.training.sampler),
    .choice("resample", \.training.resample),
    JobKey(name: "aggregate") {
      $1.training.aggregate = try AggregationPlace(parsing: try $0.joined(), option: $0.place)
    } text: {
      JobValue.quoted("\($0.training.aggregate)")
    },
    .choice("aggregate-type", \.training.aggregateType),
    .whole("epochs", \.training.epochs),
    .whole("seed", \.training.seed),
  ]

  private static let learning: [JobKey] = [
    .choice("task", \.training.task),
    .name("targets", \.training.targets),
    .notation("class-weights", \.training.classWeights, ClassWeights.init(parsing:option:)),
    .real("label-smoothing", \.training.labelSmoothing),
  ]

  private static let optimisation: [JobKey] = [
    .choice("optimizer", \.training.optimizer),
    .real("lr", \.training.learningRate),
    .choice("lr-schedule", \.training.schedule),
    .whole("warmup", \.training.warmup),
    .whole("lr-step", \.training.stepEvery),
    .real("lr-factor", \.training.stepFactor),
    .real("momentum", \.training.momentum),
    .reals("weight-decay", \.training.weightDecay),
    .real("clip-norm", \.training.clipNorm),
  ]

  private static let embedding: [JobKey] = [
    .whole("embed", \.training.embedding.columns),
    .choice("embed-optimizer", \.training.embedding.optimizer),
    .real("embed-learning-rate", \.training.embedding.learningRate),
    .choice("embed-gradient", \.training.embedding.gradient),
    .choice("embed-type", \.training.embedding.element),
  ]

  private static let evaluation: [JobKey] = [
    .whole("eval-every", \.training.evalEvery),
    JobKey(name: "eval-fanout") {
      let text = try $0.joined()
      $1.training.evalFanout = text == "exact" ? nil : try Fanout(parsing: text, option: $0.place)
    } text: {
      $0.training.evalFanout?.description ?? "exact"
    },
    .choice("metric", \.training.metric),
    .whole("patience", \.training.patience),
  ]

  private static let execution: [JobKey] = [
    .whole("threads", \.execution.threads),
    .flag("map-peers", \.execution.mapPeers),
    .choice("residency", \.execution.residency),
    .whole("prefetch-depth", \.execution.prefetchDepth),
    .notation("prefetch-memory", \.execution.prefetchMemory, MemoryAmount.init(parsing:option:)),
    .choice("cache", \.execution.cache),
    .notation("cache-memory", \.execution.cacheMemory, MemoryAmount.init(parsing:option:)),
    .real("silence-limit", \.execution.silenceLimit),
    .whole("checkpoint-every", \.execution.checkpointEvery),
    .whole("keep-checkpoints", \.execution.keepCheckpoints),
  ]
}
