import Collectives
import Foundation
import Tensors
import Testing

@Suite struct MpirunCommandTests {
  private func command(hosts: LauncherHostFile? = nil, environment: [String: String] = [:], isRoot: Bool = false) -> MpirunCommand {
    MpirunCommand(
      mpirun: "/usr/bin/mpirun", workers: 4, hosts: hosts, program: "/opt/halo", arguments: ["train", "PARTS", "-o", "RUN"],
      environment: environment, isRoot: isRoot)
  }

  @Test func aLocalJobNeedsNoProgramThatReachesOtherHosts() throws {
    #expect(
      try command().line.joined(separator: " ")
        == "/usr/bin/mpirun -n 4 --bind-to none --map-by slot:OVERSUBSCRIBE --stdin none --mca odls_base_verbose 5 "
        + "--mca mpi_yield_when_idle 1 --mca odls_base_sigkill_timeout 1 --mca oob_tcp_keepalive_time 4 "
        + "--mca oob_tcp_keepalive_intvl 2 --mca oob_tcp_keepalive_probes 3 --mca plm isolated /opt/halo train PARTS -o RUN")
  }

  @Test func rootFlagsAreGivenOnlyToRoot() throws {
    #expect(try command(isRoot: true).line[1] == "--allow-run-as-root")
    #expect(try !command().line.contains("--allow-run-as-root"))
  }

  @Test func theUsersOwnSettingsAndVariablesOfTheProgramAreKept() throws {
    let line = try command(environment: [
      "OMPI_MCA_mpi_yield_when_idle": "0", "HALO_DATASETS": "/d", "LD_LIBRARY_PATH": "/l", "HOME": "/h",
    ]).line.joined(separator: " ")
    #expect(line.contains("--mca mpi_yield_when_idle 0"))
    #expect(line.contains("-x HALO_DATASETS -x LD_LIBRARY_PATH /opt/halo"))
    #expect(!line.contains("HOME"))
  }

  @Test func aBatchSystemPlacesTheWorkersItself() throws {
    #expect(try !command(environment: ["SLURM_JOB_ID": "7"]).line.contains("isolated"))
  }

  @Test func otherHostsAreReachedThroughSSHThatAsksNothing() throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("halo-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let file = directory.appendingPathComponent("hosts").path
    try "192.0.2.1 slots=2\n".write(toFile: file, atomically: true, encoding: .utf8)
    // An address of the documentation net may be this machine's own in a test bed, but not both of these.
    let remote = try ["192.0.2.1", "198.51.100.7"].compactMap { address in
      try "\(address) slots=2\n".write(toFile: file, atomically: true, encoding: .utf8)
      let hosts = try LauncherHostFile(path: file)
      return hosts.hosts[0].isLocal ? nil : hosts
    }
    let hosts = try #require(remote.first)
    try Data().write(to: directory.appendingPathComponent("ssh"))
    #expect {
      try command(hosts: hosts, environment: ["PATH": directory.path]).line
    } throws: { error in
      "\(error)"
        == "ssh: expected a program in PATH that starts workers on \(hosts.hosts[0].name) (Debian: openssh-client), found none"
    }
    chmod(directory.appendingPathComponent("ssh").path, 0o755)
    let line = try command(hosts: hosts, environment: ["PATH": "/nowhere:\(directory.path)"]).line
    #expect(line.contains("ssh -x -o BatchMode=yes -o ConnectTimeout=10") && line.contains(file))
    let own = try command(hosts: hosts, environment: ["OMPI_MCA_plm_rsh_agent": "mine"]).line
    #expect(!own.contains("plm_rsh_agent") && !own.contains("isolated"))
  }
}
