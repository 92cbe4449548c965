import Foundation
import PIM
import Tensors
import Testing

@Suite struct PIMTopologyTests {
  @Test func presetsHaveTheirPublishedCores() throws {
    let cores = ["upmem1992": (32, 1992), "upmem2556": (40, 2556), "upmem640": (10, 640), "generic": (16, 1024)]
    for preset in PIMTopology.presets {
      #expect(cores[preset.name]! == (preset.ranks, preset.cores))
      try preset.validate(preset.name)
      #expect(try PIMTopology.named(preset.name) == preset)
    }
    #expect(Set(PIMTopology.upmem1992.coresOfRanks) == [62, 63])
    #expect(PIMTopology.presets.allSatisfy { $0.hostWatts == 170 }, "two processors of 85 W")
  }

  @Test func filesDescribeMachines() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("pim-\(UUID().uuidString).json").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    var machine = PIMTopology.generic
    machine.name = "mine"
    machine.megahertz = 500
    try JSONEncoder().encode(machine).write(to: URL(fileURLWithPath: path))
    #expect(try PIMTopology.named(path) == machine)
    machine.megahertz = 0
    try JSONEncoder().encode(machine).write(to: URL(fileURLWithPath: path))
    #expect(throws: InputError(path, expected: "a clock above 0 MHz", found: "0.0")) { try PIMTopology.named(path) }
    (machine.megahertz, machine.hostWatts) = (500, -1)
    try JSONEncoder().encode(machine).write(to: URL(fileURLWithPath: path))
    #expect(throws: InputError(path, expected: "watts of the host from 0", found: "-1.0")) { try PIMTopology.named(path) }
    try Data("{}".utf8).write(to: URL(fileURLWithPath: path))
    #expect(throws: InputError(path, expected: "a machine with the fields of a preset", found: "other JSON")) {
      try PIMTopology.named(path)
    }
    #expect(throws: InputError.self) { try PIMTopology.named("upmem7") }
  }

  /// PyGim's tables at their points, between them and past the end.
  @Test func hostTablesAreLinearBetweenTheirPoints() {
    let host = PIMHost.pyGim
    #expect(host.copySeconds(columns: 1) == 1 / 28.41360667e6)
    #expect(abs(host.copySeconds(columns: 8) - 1 / 23.20701e6) < 1e-18)
    #expect(abs(host.copySeconds(columns: 12) - (1 / 23.20701e6 + 1 / 17.06662667e6) / 2) < 1e-18)
    let slope = (1 / 10.16865e6 - 1 / 17.06662667e6) / 16
    #expect(abs(host.copySeconds(columns: 64) - (1 / 10.16865e6 + 32 * slope)) < 1e-17)
    #expect(host.addSeconds(columns: 2) == 1 / 36.84901667e6)
    #expect(host.readRate(ranks: 32, bytesPerCore: 70_000) == 4.839043e9)
    #expect(host.readRate(ranks: 32, bytesPerCore: 1e9) == 6.354006e9)
    #expect(host.readRate(ranks: 1, bytesPerCore: 1e9) == 4.74e9)
    #expect(host.broadcastRate(ranks: 2) == 33.76e9 && host.broadcastRate(ranks: 32) == 43.73e9)
    #expect(host.writeRate(ranks: 2) == 13.36e9 && host.writeRate(ranks: 32) == 23.1e9)
  }
}
