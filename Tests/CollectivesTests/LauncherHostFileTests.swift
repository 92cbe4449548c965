import Collectives
import Foundation
import Tensors
import Testing

@Suite struct LauncherHostFileTests {
  /// Reads a host file with this text; the path in errors is replaced by `hosts`.
  private func read(_ text: String) throws -> LauncherHostFile {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("halo-hosts-\(UUID().uuidString)").path
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: file) }
    do { return try LauncherHostFile(path: file) } catch var error as InputError {
      error.place = error.place.replacing(file, with: "hosts")
      throw error
    }
  }

  private func refusal(_ text: String) -> String {
    do {
      return "accepted \(try read(text).hosts)"
    } catch {
      return "\(error)"
    }
  }

  @Test func hostsSlotsCommentsAndBlankLinesAreRead() throws {
    let hosts = try read("# machines\n\n  localhost   slots=3 # here\n240.0.0.1\n240.0.0.2\tslots=2").hosts
    #expect(
      hosts == [
        .init(name: "localhost", slots: 3, isLocal: true), .init(name: "240.0.0.1", slots: 1, isLocal: false),
        .init(name: "240.0.0.2", slots: 2, isLocal: false),
      ])
  }

  @Test func badLinesAreNamed() {
    #expect(refusal("localhost\n240.0.0.1 slots=none") == "hosts:2: expected a host and slots=N with N ≥ 1, found slots=none")
    #expect(refusal("localhost slots=0") == "hosts:1: expected a host and slots=N with N ≥ 1, found slots=0")
    #expect(refusal("localhost 4") == "hosts:1: expected a host and slots=N with N ≥ 1, found 4")
    #expect(refusal("# nothing\n") == "hosts: expected a host on each line, found no host")
  }

  @Test func unknownHostsAreNamed() {
    #expect(
      refusal("localhost\nno..such")
        == "hosts:2: expected the name or address of a host, found no..such, which does not resolve")
  }

  @Test func aMachineNamedTwiceIsRefusedUnderAnyName() {
    #expect(refusal("localhost\n127.0.0.1") == "hosts:2: expected every host once, found 127.0.0.1, the same machine as on line 1")
    #expect(refusal("240.0.0.1\n\n240.0.0.1") == "hosts:3: expected every host once, found 240.0.0.1, the same machine as on line 1")
  }

  @Test func aFileThatCannotBeReadIsNamed() {
    #expect(throws: SystemError("open host file /nonexistent/hosts", code: ENOENT)) {
      try LauncherHostFile(path: "/nonexistent/hosts")
    }
    #expect(throws: SystemError("read host file /", code: EISDIR)) { try LauncherHostFile(path: "/") }
  }
}
