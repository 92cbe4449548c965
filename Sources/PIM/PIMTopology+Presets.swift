extension PIMTopology {
  public static let presets = [upmem1992, upmem2556, upmem640, generic]

  /// Watts of PyGim's host: two Xeon Silver 4215, each of 85 W as Intel gives its thermal design power. Nobody measured it, memory and
  /// boards are not in it, and no time depends on it.
  private static let pyGimHostWatts = 170.0

  /// The machine of PyGim's measurements: 16 modules, 32 ranks, 1,992 usable cores at 350 MHz, 23.22 W a module (PyGim §5).
  public static let upmem1992 = PIMTopology(
    name: "upmem1992", coresOfRanks: spread(1992, over: 32), megahertz: 350, bankBytes: PIMCore.defaultBankBytes,
    scratchpadBytes: PIMCore.defaultScratchpadBytes, modules: 16, wattsPerModule: 23.22,
    hostWatts: pyGimHostWatts, costs: .upmem, host: .pyGim)

  /// The larger machine of PrIM: 20 modules, 40 ranks, 2,556 usable cores at 350 MHz (PrIM, table of systems); host as PyGim's.
  public static let upmem2556 = PIMTopology(
    name: "upmem2556", coresOfRanks: spread(2556, over: 40), megahertz: 350, bankBytes: PIMCore.defaultBankBytes,
    scratchpadBytes: PIMCore.defaultScratchpadBytes, modules: 20, wattsPerModule: 23.22,
    hostWatts: pyGimHostWatts, costs: .upmem, host: .pyGim)

  /// The smaller machine of PrIM: 10 modules, 640 cores at 267 MHz (PrIM, table of systems); host as PyGim's.
  public static let upmem640 = PIMTopology(
    name: "upmem640", coresOfRanks: spread(640, over: 10), megahertz: 267, bankBytes: PIMCore.defaultBankBytes,
    scratchpadBytes: PIMCore.defaultScratchpadBytes, modules: 10, wattsPerModule: 23.22,
    hostWatts: pyGimHostWatts, costs: .upmem, host: .pyGim)

  /// A machine of round numbers to change in a JSON file: 16 full ranks at 350 MHz.
  public static let generic = PIMTopology(
    name: "generic", coresOfRanks: spread(1024, over: 16), megahertz: 350, bankBytes: PIMCore.defaultBankBytes,
    scratchpadBytes: PIMCore.defaultScratchpadBytes, modules: 8, wattsPerModule: 23.22,
    hostWatts: pyGimHostWatts, costs: .upmem, host: .pyGim)
}

extension PIMHost {
  /// The host of PyGim's measurements, two 8-core processors.
  ///
  /// - One rank: 6.68 GB/s different bytes, 16.88 GB/s the same bytes, 4.74 GB/s back (PrIM, transfers of 64 cores).
  /// - 32 ranks: 43.73 GB/s there, and back by size (PyGim, `HOST_DPU_BANDWIDTH`, `DPU_HOST_BANDWIDTH`). Published figures for
  ///   these transfers differ by up to ten times, which is why they are part of the machine.
  /// - Memory: 23.1 GB/s (PyGim, `DRAM_BANDWIDTH`).
  /// - Rows copied and added by columns (PyGim, `DRAM_ROW_COPY_THROUGHPUT`, `DRAM_ROW_ADD_THROUGHPUT`).
  public static let pyGim = PIMHost(
    writePerRank: 6.68e9, broadcastPerRank: 16.88e9, writeLimit: 43.73e9, readPerRank: 4.74e9,
    readLimit: [
      Point(64 << 10, 4.839043e9), Point(96 << 10, 4.96115e9), Point(128 << 10, 4.485867e9), Point(160 << 10, 4.993945e9),
      Point(192 << 10, 5.128233e9), Point(224 << 10, 5.349502e9), Point(256 << 10, 4.121898e9), Point(288 << 10, 5.763526e9),
      Point(320 << 10, 5.079638e9), Point(352 << 10, 5.871919e9), Point(384 << 10, 5.682741e9), Point(416 << 10, 5.873649e9),
      Point(448 << 10, 6.064049e9), Point(480 << 10, 6.354006e9),
    ],
    memoryBandwidth: 23.1e9,
    copyRows: [
      Point(2, 28.41360667e6), Point(4, 27.39013667e6), Point(8, 23.20701e6), Point(16, 17.06662667e6), Point(32, 10.16865e6),
    ],
    addRows: [Point(4, 36.84901667e6), Point(8, 32.65140667e6), Point(16, 24.90242e6), Point(32, 15.50626667e6)])
}
