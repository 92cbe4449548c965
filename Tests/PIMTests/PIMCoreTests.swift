import PIM
import Testing

@Suite struct PIMCoreTests {
  private func launch(_ core: PIMCore, _ body: @escaping (inout PIMTasklet) throws -> Void) throws {
    _ = try core.launch(tasklets: 1, phases: [body])
  }

  @Test func bankHoldsItsBytesAndNoMore() throws {
    let core = PIMCore()
    #expect(try core.allocate(1 << 20) == 0)
    #expect(try core.allocate(9) == 1 << 20)
    #expect(core.bankUsed == 1 << 20 + 16)
    #expect(throws: PIMFault.bankOverflow(bytes: 64 << 20, free: (64 << 20) - (1 << 20) - 16)) { try core.allocate(64 << 20) }
    #expect("\(PIMFault.bankOverflow(bytes: 80, free: 8))" == "bank overflow: 80 bytes asked, 8 free")
    core.reset()
    #expect(try core.allocate(64 << 20) == 0)
  }

  @Test func scratchpadIsSharedByTasklets() throws {
    let core = PIMCore()
    #expect(throws: PIMFault.scratchpadOverflow(bytes: 4096, free: 0)) {
      _ = try core.launch(tasklets: 17, phases: [{ _ = try $0.allocate(4096) }])
    }
    _ = try core.launch(tasklets: 16, phases: [{ _ = try $0.allocate(4096) }])
    #expect(core.scratchpadUsed == 64 << 10)
  }

  @Test func taskletsAreLimited() {
    let core = PIMCore()
    for count in [0, 25] {
      #expect(throws: PIMFault.taskletCount(count, most: 24)) { _ = try core.launch(tasklets: count, phases: []) }
    }
  }

  @Test func misalignedTransfersFail() throws {
    let core = PIMCore()
    _ = try core.allocate(64)
    #expect(throws: PIMFault.misalignedTransfer(address: 4, offset: 0)) {
      try launch(core) { try $0.read(4, into: try $0.allocate(64), bytes: 8) }
    }
    #expect(throws: PIMFault.misalignedTransfer(address: 8, offset: 4)) {
      try launch(core) { try $0.write(8, from: try $0.allocate(64) + 4, bytes: 8) }
    }
  }

  @Test(arguments: [0, 4, 12, 2056, 4096, -8])
  func transfersOfOtherSizesFail(bytes: Int) throws {
    let core = PIMCore()
    _ = try core.allocate(8192)
    #expect(throws: PIMFault.transferSize(bytes: bytes)) {
      try launch(core) { try $0.read(0, into: try $0.allocate(8192), bytes: bytes) }
    }
  }

  @Test func transfersStayInside() throws {
    let core = PIMCore()
    _ = try core.allocate(64)
    #expect(throws: PIMFault.outsideBank(address: 56, bytes: 16, used: 64)) {
      try launch(core) { try $0.read(56, into: try $0.allocate(64), bytes: 16) }
    }
    #expect(throws: PIMFault.outsideScratchpad(offset: 8, bytes: 16, used: 16)) {
      try launch(core) { try $0.read(0, into: try $0.allocate(16) + 8, bytes: 16) }
    }
    #expect(throws: PIMFault.outsideBank(address: 56, bytes: 16, used: 64)) {
      try [Int64(1), 2].withUnsafeBufferPointer { try core.hostWrite($0, at: 56) }
    }
  }

  /// A transfer less is less time, by what the tables say of it; nothing but counters makes time.
  @Test func everyTransferCosts() throws {
    func cycles(reads: Int, writes: Int, bytes: Int) throws -> Double {
      let core = PIMCore()
      _ = try core.allocate(4096)
      let phases = try core.launch(
        tasklets: 1,
        phases: [
          { tasklet in
            let block = try tasklet.allocate(2048)
            for _ in 0..<reads { try tasklet.read(0, into: block, bytes: bytes) }
            for _ in 0..<writes { try tasklet.write(0, from: block, bytes: bytes) }
          }
        ])
      return PIMCosts.upmem.cycles(phases: phases, .int32)
    }
    #expect(try cycles(reads: 0, writes: 0, bytes: 8) == 0)
    let whole = try cycles(reads: 3, writes: 1, bytes: 256)
    #expect(abs(try whole - cycles(reads: 2, writes: 1, bytes: 256) - (64 + 0.52 * 256)) < 1e-9)
    #expect(abs(try whole - cycles(reads: 3, writes: 0, bytes: 256) - (42 + 0.53 * 256)) < 1e-9)
  }

  /// 2 tasklets with 100 iterations each: 6,800 instructions are issued in 37,400 cycles, those of one tasklet 11 cycles apart.
  @Test func theSlowestBoundCounts() {
    var one = PIMTaskletWork()
    one.work.iterations = 100
    let costs = PIMCosts.upmem
    #expect(costs.cycles([one, one], .int32) == 11 * 3400)
    #expect(costs.cycles([PIMTaskletWork](repeating: one, count: 22), .int32) == 22 * 3400)
    var moved = PIMTaskletWork()
    (moved.work.reads, moved.work.readBytes) = (100, 0)
    #expect(costs.cycles([PIMTaskletWork](repeating: moved, count: 3), .int32) == 3 * 6400)
    var locked = one
    locked.locked = locked.work
    #expect(costs.cycles([locked, locked, locked], .int32) == 3 * 11 * 3400)
  }
}
